using Compat.TestSupport;

namespace Compat.Adapters.Tests.Distributed;

/// <summary>MMCV's trainings in 2 and 4 processes, on the engine. Compared in <c>tests/Mpi.Ranks/Golden</c>, as those of the old side.</summary>
[Trait("Category", "Golden")]
public sealed class DistributedMigrationGoldenTests
{
    public static IEnumerable<object[]> Cases => DistributedGolden.Trainings("mmcv");

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Ranks_train_on_the_engine_as_in_mmcv(int ranks, string id) => MpiRun.Of("migrating", ranks).ShouldHavePassed(id);
}
