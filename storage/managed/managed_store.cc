#include "storage/managed/managed_store.h"
