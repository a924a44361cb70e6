using Compat.TestSupport;

namespace Compat.Legacy.Tests.Distributed;

/// <summary>
/// MMCV's trainings in 2 and 4 processes, run here by as many. Each iteration of each rank is compared in <c>tests/Mpi.Ranks/Golden</c>, where it also says
/// what ours refuses (decision 39) and what is to come.
/// </summary>
[Trait("Category", "Golden")]
public sealed class DistributedTrainingGoldenTests
{
    private const string Library = "mmcv";

    public static IEnumerable<object[]> Cases => DistributedGolden.Trainings(Library);

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Ranks_train_as_in_mmcv(int ranks, string id) => MpiRun.Of(Library, ranks).ShouldHavePassed(id);
}
