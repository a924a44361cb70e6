using System.Text.Json;
using Compat.TestSupport;

namespace Compat.Torch.Tests.Distributed;

/// <summary>What both originals reduce, gather and broadcast, by as many processes as there were. Compared in <c>tests/Mpi.Ranks/Golden/ReduceCases.cs</c>.</summary>
[Trait("Category", "Golden")]
public sealed class ReduceGoldenTests
{
    public static IEnumerable<object[]> Cases => DistributedGolden.Of("reduce", "mmengine").Concat(DistributedGolden.Of("reduce", "mmcv"))
        .Select((JsonElement one) => new object[] { one.GetProperty("world_size").GetInt32(), one.GetProperty("id").GetString()! });

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Tensors_are_reduced_as_in_the_originals(int ranks, string id) => MpiRun.Of("reduce", ranks).ShouldHavePassed(id);
}
