#include "storage/backend.h"
