using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>
/// MMEngine's trainings in 2 and 4 processes, run here by as many. Each iteration of each rank is compared in <c>tests/Mpi.Ranks/Golden</c>, where it also says
/// what ours refuses (decision 39) and what is to come.
/// </summary>
[Trait("Category", "Golden")]
public sealed class DistributedTrainingGoldenTests
{
    private const string Library = "mmengine";

    public static IEnumerable<object[]> Cases => DistributedGolden.Trainings(Library);

    public static IEnumerable<object[]> Validations => DistributedGolden.Of("val_loop", Library)
        .Select(one => new object[] { one.GetProperty("world_size").GetInt32(), one.GetProperty("id").GetString()! });

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Ranks_train_as_in_mmengine(int ranks, string id) => MpiRun.Of(Library, ranks).ShouldHavePassed(id);

    [MpiTheory]
    [MemberData(nameof(Validations))]
    public void Each_sample_counts_once_in_a_validation(int ranks, string id) => MpiRun.Of("validation", ranks).ShouldHavePassed(id);
}
