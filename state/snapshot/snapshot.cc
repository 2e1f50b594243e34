#include "state/snapshot/snapshot.h"
