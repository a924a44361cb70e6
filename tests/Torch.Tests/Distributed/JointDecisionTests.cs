using Compat.TestSupport;
using Compat.Torch.Distributed;

namespace Compat.Torch.Tests.Distributed;

public sealed class JointDecisionTests
{
    [Fact]
    public void Who_trains_alone_decides_alone()
    {
        JointDecision decision = new(SingleProcess.Instance);
        decision.IsMade.Should().BeFalse();
        decision.IsWanted = true;
        decision.IsMade.Should().BeTrue();
        decision.IsWanted = false;
        decision.IsMade.Should().BeFalse();
    }

    [Fact]
    public void Processes_that_meet_do_what_one_of_them_wants()
    {
        string[] outcomes = ThreadCollectives.Run(3, collectives =>
        {
            JointDecision decision = new(collectives) { IsWanted = collectives.Rank.Rank == 2 };
            bool before = decision.IsMade;
            JointDecision.Settle(collectives, [decision]);
            bool after = decision.IsMade;
            decision.IsWanted = false;
            JointDecision.Settle(collectives, [decision]);
            return $"{before} {after} {decision.IsMade}";
        });
        outcomes.Should().AllBe("False True False");
    }
}
