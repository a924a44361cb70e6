using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class DataBatchTests
{
    [Fact]
    public void The_tensors_are_the_tensor_properties_in_their_order()
    {
        using DisposeScope scope = NewDisposeScope();
        PairBatch batch = new(ones(1), zeros(1));

        batch.Tensors.Should().HaveCount(2);
        batch.Tensors[0].Should().BeSameAs(batch.Image);
        batch.Tensors[1].Should().BeSameAs(batch.Label);
    }

    [Fact]
    public void A_batch_made_by_hand_has_no_indices() => new Empty().Indices.Should().BeEmpty();

    [Fact]
    public void With_gives_the_same_type_with_other_tensors_and_leaves_the_original_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        WithName batch = new(ones(1), "left");
        Tensor other = zeros(1);

        WithName changed = batch.With([other]).Should().BeOfType<WithName>().Subject;

        changed.Value.Should().BeSameAs(other);
        changed.Name.Should().Be("left");
        batch.Value.Should().NotBeSameAs(other);
    }

    [Fact]
    public void With_keeps_the_indices()
    {
        using DisposeScope scope = NewDisposeScope();
        using DataBatch batch = new BatchLoader(new NumberDataset(2), new BatchLoaderOptions { BatchSize = 2 }).First();

        batch.With([ones(1), ones(1)]).Indices.Should().Equal(0, 1);
    }

    [Fact]
    public void With_refuses_another_number_of_tensors()
    {
        using DisposeScope scope = NewDisposeScope();
        PairBatch batch = new(ones(1), zeros(1));

        Action act = () => batch.With([ones(1)]);

        act.Should().Throw<ArgumentException>().WithMessage("PairBatch has 2 tensors, but 1 were given.*").WithParameterName("tensors");
    }

    [Fact]
    public void To_gives_the_batch_itself_where_nothing_has_to_move()
    {
        using DisposeScope scope = NewDisposeScope();
        PairBatch batch = new(ones(1), zeros(1));

        batch.To(CPU).Should().BeSameAs(batch);
    }

    [Fact]
    public void To_gives_a_new_batch_on_another_device()
    {
        using DisposeScope scope = NewDisposeScope();
        PairBatch batch = new(ones(2), zeros(3));

        PairBatch moved = batch.To(META).Should().BeOfType<PairBatch>().Subject;

        moved.Should().NotBeSameAs(batch);
        moved.Tensors.Select(tensor => tensor.device_type).Should().Equal(DeviceType.META, DeviceType.META);
        moved.Label.shape.Should().Equal(3L);
        batch.Image.device_type.Should().Be(DeviceType.CPU);
    }

    [Fact]
    public void To_moves_all_of_a_batch_of_which_one_tensor_is_elsewhere()
    {
        using DisposeScope scope = NewDisposeScope();
        PairBatch batch = new(ones(2, device: META), zeros(3));

        batch.To(META).Tensors.Should().OnlyContain(tensor => tensor.device_type == DeviceType.META);
    }

    [Fact]
    public void Dispose_frees_every_tensor()
    {
        using DisposeScope scope = NewDisposeScope();
        PairBatch batch = new(ones(1), zeros(1));
        batch.Tensors.Should().OnlyContain(tensor => !tensor.IsInvalid);

        batch.Dispose();

        batch.Image.IsInvalid.Should().BeTrue();
        batch.Label.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void A_scope_to_which_a_batch_is_attached_frees_it()
    {
        PairBatch batch = new(ones(1).DetachFromDisposeScope(), zeros(1).DetachFromDisposeScope());
        using (DisposeScope scope = NewDisposeScope())
        {
            batch.AttachTo(scope);
            batch.Image.IsInvalid.Should().BeFalse();
        }

        batch.Tensors.Should().OnlyContain(tensor => tensor.IsInvalid);
    }

    [Fact]
    public void A_list_of_tensors_is_refused_with_the_way_out()
    {
        using DisposeScope scope = NewDisposeScope();
        WithList batch = new([ones(1)]);

        Func<IReadOnlyList<Tensor>> act = () => batch.Tensors;

        act.Should().Throw<NotSupportedException>().WithMessage(
            "Property 'Scales' of WithList is a List`1 of tensors. A batch finds properties of type Tensor by itself; for any other shape override "
            + "Tensors and With in WithList, as NamedBatch does.");
    }

    [Fact]
    public void An_array_and_a_dictionary_of_tensors_are_refused_too()
    {
        using DisposeScope scope = NewDisposeScope();
        WithArray array = new([ones(1)]);
        WithDictionary dictionary = new(new Dictionary<string, Tensor> { ["a"] = ones(1) });

        Func<IReadOnlyList<Tensor>> readArray = () => array.Tensors;
        Func<IReadOnlyList<Tensor>> readDictionary = () => dictionary.Tensors;

        readArray.Should().Throw<NotSupportedException>().WithMessage("Property 'Scales' of WithArray is a Tensor[] of tensors.*");
        readDictionary.Should().Throw<NotSupportedException>().WithMessage("Property 'Scales' of WithDictionary is a Dictionary`2 of tensors.*");
    }

    [Fact]
    public void A_list_of_something_else_is_no_obstacle()
    {
        using DisposeScope scope = NewDisposeScope();
        WithNumbers batch = new(ones(1), [1, 2]);

        batch.Tensors.Should().ContainSingle().Which.Should().BeSameAs(batch.Value);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action device = () => new Empty().To(null!);
        Action scope = () => new Empty().AttachTo(null!);

        device.Should().Throw<ArgumentNullException>().WithParameterName("device");
        scope.Should().Throw<ArgumentNullException>().WithParameterName("scope");
    }

    private sealed record Empty : DataBatch;

    private sealed record WithName(Tensor Value, string Name) : DataBatch;

    private sealed record WithNumbers(Tensor Value, List<int> Numbers) : DataBatch;

    private sealed record WithList(List<Tensor> Scales) : DataBatch;

    private sealed record WithArray(Tensor[] Scales) : DataBatch;

    private sealed record WithDictionary(Dictionary<string, Tensor> Scales) : DataBatch;
}
