#pragma once
#include <string>

#include "tools/break_even_file.h"
#include "tools/plan/model.h"

namespace trommel::tools {

// Has the plan say whether `engine.type: auto` takes a GPU for it: at `rate` events per second, by
// the break-even that is stored for this machine, as `trommel check` and `trommel run` do.
void tell_engine(Plan& plan, double rate, const std::string& break_even_path,
                 const ThisMachine& machine);

}  // namespace trommel::tools
