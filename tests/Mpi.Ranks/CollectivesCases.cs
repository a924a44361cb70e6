using Compat.Torch.Distributed;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>What <see cref="MpiCollectives"/> promises, with any number of ranks.</summary>
internal static class CollectivesCases
{
    // More than two pieces of 4 MB, and the last one is not full.
    private const int Large = 2_500_001;

    public static IReadOnlyList<RankCase> All { get; } =
    [
        new("Large_tensors_add_up_exactly", Sum),
        new("Every_type_adds_up", EveryType),
        new("Half_types_add_up_in_single_precision", Halves),
        new("The_mean_the_largest_and_the_smallest_are_found", Operations),
        new("A_tensor_that_is_not_contiguous_is_reduced_in_place", NotContiguous),
        new("Parameters_are_reduced_without_autograd", Parameters),
        new("Everybody_gets_the_tensor_of_the_source", Broadcast),
        new("Tensors_are_gathered_in_the_order_of_the_ranks", Gather),
        new("Blocks_of_bytes_may_have_different_lengths", Bytes),
        new("What_cannot_be_reduced_is_refused_with_the_cure", Refused),
        new("All_start_the_same_collectives_once", StartedOnce),
        new("Ranks_find_out_whether_all_have_failed", AllFailed),
    ];

    private static void Sum(ICollectives collectives)
    {
        int size = collectives.Rank.WorldSize;
        using Tensor values = arange(Large, float32).remainder(1000).add(collectives.Rank.Rank);
        using Tensor expected = arange(Large, float32).remainder(1000).mul(size).add(size * (size - 1) / 2);
        collectives.AllReduce(values);
        values.Equals(expected).Should().BeTrue();
        collectives.AllReduce(zeros(0));
    }

    private static void EveryType(ICollectives collectives)
    {
        int size = collectives.Rank.WorldSize;
        ScalarType[] types = [float32, float64, float16, bfloat16, int8, uint8, int16, int32, int64];
        foreach (ScalarType type in types)
        {
            Tensor values = tensor(new float[] { 1, 2, 3 }).to(type);
            collectives.AllReduce(values);
            values.dtype.Should().Be(type);
            values.to(float64).data<double>().ToArray().Should().Equal(size, 2 * size, 3 * size);
        }

        Tensor flags = tensor([collectives.Rank.Rank == 0, false]);
        collectives.AllReduce(flags, ReduceOperation.Max);
        flags.data<bool>().ToArray().Should().Equal(true, false);
    }

    // In float16, 2048 + 1 is 2048, whatever comes after.
    private static void Halves(ICollectives collectives)
    {
        int size = collectives.Rank.WorldSize;
        Tensor values = tensor(collectives.Rank.Rank == 0 ? 2048f : 1.5f).to(float16);
        collectives.AllReduce(values);
        values.to(float32).item<float>().Should().Be((float)(Half)(2048f + (1.5f * (size - 1))));
    }

    private static void Operations(ICollectives collectives)
    {
        int size = collectives.Rank.WorldSize;
        double Reduce(ReduceOperation operation)
        {
            Tensor value = tensor(collectives.Rank.Rank + 1.0);
            collectives.AllReduce(value, operation);
            return value.item<double>();
        }

        Reduce(ReduceOperation.Mean).Should().Be((size + 1) / 2.0);
        Reduce(ReduceOperation.Max).Should().Be(size);
        Reduce(ReduceOperation.Min).Should().Be(1);
    }

    private static void NotContiguous(ICollectives collectives)
    {
        Tensor whole = arange(6, float32).reshape(2, 3);
        collectives.AllReduce(whole.t()[1]);
        int size = collectives.Rank.WorldSize;
        whole.data<float>().ToArray().Should().Equal(0, size, 2, 3, 4 * size, 5);
    }

    private static void Parameters(ICollectives collectives)
    {
        nn.Module<Tensor, Tensor> layer = nn.Linear(2, 2);
        foreach (TorchSharp.Modules.Parameter parameter in layer.parameters())
        {
            collectives.Broadcast(parameter);
            parameter.requires_grad.Should().BeTrue();
            parameter.is_leaf.Should().BeTrue();
        }
    }

    private static void Broadcast(ICollectives collectives)
    {
        int last = collectives.Rank.WorldSize - 1;
        foreach (ScalarType type in (ScalarType[])[float32, float16, int64, ScalarType.Bool])
        {
            Tensor values = full(Large, collectives.Rank.Rank == last ? 1 : 0).to(type);
            collectives.Broadcast(values, last);
            values.Equals(ones(Large).to(type)).Should().BeTrue();
        }
    }

    private static void Gather(ICollectives collectives)
    {
        IReadOnlyList<Tensor> all = collectives.AllGather(tensor([collectives.Rank.Rank, 7L]));
        all.Select(one => one[0].item<long>()).Should().Equal(Enumerable.Range(0, collectives.Rank.WorldSize).Select(rank => (long)rank));
        all.Should().OnlyContain(one => one[1].item<long>() == 7);
    }

    private static void Bytes(ICollectives collectives)
    {
        byte[] block = [.. Enumerable.Repeat((byte)collectives.Rank.Rank, collectives.Rank.Rank * 3)];
        IReadOnlyList<byte[]> all = collectives.AllGather(block);
        all.Should().HaveCount(collectives.Rank.WorldSize);
        for (int rank = 0; rank < all.Count; rank++)
        {
            all[rank].Should().Equal(Enumerable.Repeat((byte)rank, rank * 3));
        }

        collectives.Broadcast(collectives.Rank.Rank == 1 ? [4, 5] : [], 1).Should().Equal(4, 5);
    }

    private static void Refused(ICollectives collectives)
    {
        Action mean = () => collectives.AllReduce(tensor([1L]), ReduceOperation.Mean);
        mean.Should().Throw<NotSupportedException>().WithMessage("The mean of tensors of type Int64 *Convert*");
        Action complex = () => collectives.AllReduce(zeros(2, dtype: complex64));
        complex.Should().Throw<NotSupportedException>().WithMessage("A tensor of type ComplexFloat32 cannot be reduced*Convert*");
        Action source = () => collectives.Broadcast(tensor(1), 9);
        source.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The source is process 9; it must be from 0 to *");
    }

    private static void StartedOnce(ICollectives collectives)
    {
        MpiCollectives.Start().Should().BeSameAs(collectives);
        Dist.Init(Launcher.Mpi).Should().BeSameAs(collectives);
    }

    private static void AllFailed(ICollectives collectives)
    {
        collectives.HaveAllFailed(TimeSpan.FromMinutes(1)).Should().BeTrue();
        collectives.HaveAllFailed(TimeSpan.FromMinutes(1)).Should().BeTrue();
    }
}
