#include "check.h"
#include "plan/plan.h"

using namespace trivium;

TEST("shapes flow through a plan, and describe shows them") {
  PlanBuilder builder;
  const TensorId table = builder.weight("table", 0, DType::f32, Shape::of(10, 8));
  const TensorId w = builder.weight("w", 1, DType::f32, Shape::of(6, 8));
  const TensorId x = builder.linear(builder.embed_rows(table, IdInput::tokens), w);
  builder.output(builder.gather_outputs(x));
  const Result<Plan> plan = builder.finish();
  REQUIRE(plan.ok());
  CHECK_EQ(plan->nodes().size(), std::size_t(3));
  CHECK(plan->describe().find("(outputs, 6)") != std::string::npos);
  CHECK_EQ(plan->kv_layers(), 0);
}

TEST("the first fault is kept and names both operands") {
  PlanBuilder builder;
  const TensorId table = builder.weight("table", 0, DType::f32, Shape::of(10, 8));
  const TensorId wrong = builder.weight("wrong", 1, DType::f32, Shape::of(6, 7));
  const TensorId x = builder.linear(builder.embed_rows(table, IdInput::tokens), wrong);
  builder.output(builder.add(x, x));
  const Result<Plan> plan = builder.finish();
  REQUIRE(!plan.ok());
  CHECK(plan.error().code == ErrorCode::bad_format);
  CHECK(plan.error().message.find("wrong (6, 7)") != std::string::npos);
}

TEST("attention refuses heads that do not divide") {
  PlanBuilder builder;
  const TensorId table = builder.weight("table", 0, DType::f32, Shape::of(10, 12));
  const TensorId x = builder.embed_rows(table, IdInput::tokens);
  builder.output(builder.paged_attention(x, x, x, {3, 2, 4, 1.0f, 0, 0}));
  CHECK(!builder.finish().ok());
}
