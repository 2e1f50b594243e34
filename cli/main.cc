#include "cli/run.h"

int main(int argc, char** argv) {
  return stateferry::cli::RunProgram({argv + 1, argv + argc},
                                     stateferry::cli::ProcessEnvironment());
}
