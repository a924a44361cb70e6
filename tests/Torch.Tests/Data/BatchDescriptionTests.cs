using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class BatchDescriptionTests
{
    [Fact]
    public void The_properties_of_a_record_are_named_with_type_shape_and_device()
    {
        using DisposeScope scope = NewDisposeScope();

        BatchDescription.Of(new Pair(ones(2, 3), ones(2, dtype: ScalarType.Int64))).Should().Be("Pair: Image float32 [2, 3] cpu, Label int64 [2] cpu");
    }

    [Fact]
    public void A_disposed_tensor_and_a_missing_one_are_said_to_be()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor gone = ones(1);
        gone.Dispose();

        BatchDescription.Of(new Pair(gone, null!)).Should().Be("Pair: Image disposed, Label null");
    }

    [Fact]
    public void Tensors_without_names_are_numbered()
    {
        using DisposeScope scope = NewDisposeScope();

        BatchDescription.Of(new SampleList<Pair>(new Pair(ones(1), zeros([])), new Pair(ones(2), zeros([])))).Should().Be(
            "SampleList: tensor 0 float32 [1] cpu, tensor 1 float32 [] cpu, tensor 2 float32 [2] cpu, tensor 3 float32 [] cpu");
        BatchDescription.Of(new Several([ones(1)])).Should().Be("Several: tensor 0 float32 [1] cpu");
    }

    [Fact]
    public void A_batch_of_many_fields_is_cut()
    {
        using DisposeScope scope = NewDisposeScope();
        NamedBatch batch = new([.. Enumerable.Range(0, 20).Select(i => KeyValuePair.Create($"f{i}", zeros([])))]);

        BatchDescription.Of(batch).Should().StartWith("NamedBatch: f0 float32 [] cpu, f1 ").And.EndWith("f15 float32 [] cpu and 4 more");
    }

    private sealed record Pair(Tensor Image, Tensor Label) : DataBatch;

    private sealed record Several(IReadOnlyList<Tensor> All) : DataBatch
    {
        public override IReadOnlyList<Tensor> Tensors => All;
    }
}
