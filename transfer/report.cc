#include "transfer/report.h"
