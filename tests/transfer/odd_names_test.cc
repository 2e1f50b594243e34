#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

TEST_F(TransferRig, ANameThatNoFileCanHaveFailsAloneAndIsNamed) {
  PutSource("a", "1");
  const auto with_odd_names = [this](const FileVisitor& visit) -> Result<void> {
    for (const char* odd : {"x//y", "/lead", "up/../z"}) {
      FileTask task;
      task.from_dir = At("mem://source/in");
      task.from_name = odd;
      task.to_name = odd;
      SF_TRY(visit(std::move(task)));
    }
    return Lister()(visit);
  };
  for (const bool dry_run : {true, false, false}) {
    options.dry_run = dry_run;
    auto report = Run(with_odd_names);
    ASSERT_TRUE(report) << report.error().message();
    ASSERT_EQ(report->failures.size(), 3u);
    EXPECT_EQ(report->failures[0].code, ErrorCode::kRefused);
    EXPECT_NE(report->failures[0].message.find("in/x//y is not copied"), std::string::npos)
        << report->failures[0].message;
  }
  EXPECT_EQ(Target("a"), "1");
  EXPECT_EQ(finalized, 0) << "not whole";
}

}  // namespace
}  // namespace stateferry::transfer
