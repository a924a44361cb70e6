using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class NamedBatchTests
{
    [Fact]
    public void Fields_are_found_by_name_and_listed_in_their_order()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor image = ones(1);
        Tensor label = zeros(1);
        NamedBatch batch = Batch(("img", image), ("gt", label));

        batch.Names.Should().Equal("img", "gt");
        batch["gt"].Should().BeSameAs(label);
        batch.Tensors[0].Should().BeSameAs(image);
    }

    [Fact]
    public void A_missing_field_is_named_with_those_that_are_there()
    {
        using DisposeScope scope = NewDisposeScope();
        NamedBatch batch = Batch(("img", ones(1)), ("gt", ones(1)));

        Func<Tensor> act = () => batch["IMG"];

        act.Should().Throw<KeyNotFoundException>().WithMessage("The batch has no field 'IMG'. Fields present: img, gt.");
    }

    [Fact]
    public void With_keeps_the_names()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor other = zeros(2);

        NamedBatch changed = Batch(("img", ones(1))).With([other]).Should().BeOfType<NamedBatch>().Subject;

        changed["img"].Should().BeSameAs(other);
    }

    [Fact]
    public void With_refuses_another_number_of_tensors()
    {
        using DisposeScope scope = NewDisposeScope();
        NamedBatch batch = Batch(("img", ones(1)), ("gt", ones(1)));

        Action act = () => batch.With([ones(1)]);

        act.Should().Throw<ArgumentException>().WithMessage("The batch has 2 fields, but 1 tensors were given.*").WithParameterName("tensors");
    }

    [Fact]
    public void It_moves_and_is_disposed_like_any_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        NamedBatch batch = Batch(("img", ones(1)));

        NamedBatch moved = batch.To(META).Should().BeOfType<NamedBatch>().Subject;
        batch.Dispose();

        moved["img"].device_type.Should().Be(DeviceType.META);
        batch["img"].IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void A_loader_stacks_it_field_by_field_and_keeps_the_indices_when_it_moves()
    {
        using DisposeScope scope = NewDisposeScope();
        BatchLoader loader = new(new NamedDataset(), new BatchLoaderOptions { BatchSize = 3 });
        using NamedBatch batch = (NamedBatch)loader.First();

        batch["square"].data<float>().ToArray().Should().Equal(0f, 1f, 4f);
        batch.To(META).Indices.Should().Equal(0, 1, 2);
    }

    private static NamedBatch Batch(params (string Name, Tensor Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private sealed class NamedDataset : Dataset
    {
        public override int Count => 3;

        public override DataBatch this[int index] => Batch(("index", tensor((float)index)), ("square", tensor((float)(index * index))));
    }
}
