using Compat.Torch.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Distributed;

public sealed class SingleProcessTests
{
    private static readonly SingleProcess Alone = SingleProcess.Instance;

    [Fact]
    public void It_is_process_0_of_1() => (Alone.Rank.Rank, Alone.Rank.WorldSize).Should().Be((0, 1));

    [Theory]
    [InlineData(ReduceOperation.Sum)]
    [InlineData(ReduceOperation.Mean)]
    [InlineData(ReduceOperation.Max)]
    [InlineData(ReduceOperation.Min)]
    public void Reducing_leaves_a_tensor_as_it_is(ReduceOperation operation)
    {
        using Tensor value = tensor(new[] { 1f, -2f });

        Alone.AllReduce(value, operation);
        Alone.Broadcast(value);
        Alone.Barrier();

        value.data<float>().ToArray().Should().Equal(1, -2);
    }

    [Fact]
    public void Gathering_gives_its_own_tensor_as_a_copy()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = tensor(new[] { 1f, -2f });

        IReadOnlyList<Tensor> all = Alone.AllGather(value);
        value.zero_();

        all.Should().ContainSingle().Which.data<float>().ToArray().Should().Equal(1, -2);
    }

    [Fact]
    public void Bytes_come_back()
    {
        byte[] bytes = [1, 2, 3];

        Alone.AllGather(bytes).Should().ContainSingle().Which.Should().Equal(bytes);
        Alone.Broadcast(bytes).Should().Equal(bytes);
    }

    [Fact]
    public void Another_source_is_refused()
    {
        using Tensor value = zeros(1);

        Action block = () => Alone.Broadcast([], 1);
        Action whole = () => Alone.Broadcast(value, -1);

        block.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The source is process 1, but there is only process 0.*");
        whole.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The source is process -1, but there is only process 0.*");
    }
}
