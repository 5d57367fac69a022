#pragma once
#include "tools/plan/model.h"

// The lines of a plan, section by section: each a value and the formula that gave it. In this
// order, for later ones look at earlier ones.
namespace trommel::tools {

void add_traffic_lines(const PlanInputs& inputs, Plan& plan);
void add_id_lines(const PlanInputs& inputs, Plan& plan);
void add_memory_lines(const PlanInputs& inputs, Plan& plan);
void add_core_lines(const PlanInputs& inputs, const std::optional<EventCost>& cost, Plan& plan);
void add_wire_lines(const PlanInputs& inputs, Plan& plan);
void add_buffer_lines(const PlanInputs& inputs, Plan& plan);
void add_recovery_lines(const PlanInputs& inputs, Plan& plan);
void add_cost_lines(const PlanInputs& inputs, Plan& plan);
void add_warnings(const PlanInputs& inputs, const std::optional<EventCost>& cost, Plan& plan);

// Events per second that the planned cores take, all of their time: as calibrated, else what they
// must take if the peak is to keep them busy for the allowed share.
double planned_capacity(const PlanInputs& inputs, const Plan& plan);

}  // namespace trommel::tools
