using Compat.Torch.Distributed;

namespace Compat.Torch.Tests.Distributed;

public sealed class ProcessRankTests
{
    [Fact]
    public void The_default_is_the_only_process()
    {
        ProcessRank process = default;

        process.Rank.Should().Be(0);
        process.WorldSize.Should().Be(1);
        process.Should().Be(new ProcessRank(0, 1));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 2)]
    [InlineData(2, 2)]
    public void A_process_that_there_is_not_is_refused(int rank, int worldSize)
    {
        Action act = () => new ProcessRank(rank, worldSize);

        act.Should().Throw<ArgumentOutOfRangeException>().WithMessage($"Rank is {rank} of {worldSize} processes; it must be from 0 to the number of processes less 1*");
        new ProcessRank(1, 2).WorldSize.Should().Be(2);
    }
}
