using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Precision;

public sealed class TensorCastTests
{
    [Fact]
    public void Containers_with_something_to_cast_are_made_anew_and_keep_their_type()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] array = [zeros(1), zeros(1, ScalarType.Int64)];
        IReadOnlyList<Tensor> readOnly = [zeros(1)];
        Dictionary<string, (Tensor, string)> map = new() { ["a"] = (zeros(1), "text") };

        Cast(array).Select(tensor => tensor.dtype).Should().Equal(ScalarType.Float64, ScalarType.Int64);
        Cast(readOnly)[0].dtype.Should().Be(ScalarType.Float64);
        Cast(map)["a"].Item1.dtype.Should().Be(ScalarType.Float64);
        Cast(map)["a"].Item2.Should().Be("text");
        Cast(Tuple.Create(zeros(1), 3)).Item1.dtype.Should().Be(ScalarType.Float64);
        array[0].dtype.Should().Be(ScalarType.Float32, "the input is as it was");
    }

    [Fact]
    public void What_has_nothing_to_cast_is_the_same_object()
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> labels = [zeros(1, ScalarType.Int64)];
        double[] numbers = [1, 2];
        Tensor tensor = zeros(1, ScalarType.Float64);
        using nn.Module module = nn.Linear(1, 1);

        Cast(labels).Should().BeSameAs(labels);
        Cast(numbers).Should().BeSameAs(numbers);
        Cast(tensor).Should().BeSameAs(tensor);
        Cast(module).Should().BeSameAs(module);
        Cast<Tensor?>(null).Should().BeNull();
        TensorCast.Cast(zeros(1), ScalarType.Float32, ScalarType.Float32).dtype.Should().Be(ScalarType.Float32);
    }

    [Fact]
    public void A_container_that_cannot_be_made_anew_is_named()
    {
        using DisposeScope scope = NewDisposeScope();
        System.Collections.ObjectModel.ReadOnlyDictionary<string, Tensor> map = new(new Dictionary<string, Tensor> { ["a"] = zeros(1) });
        Action cast = () => Cast(map);

        cast.Should().Throw<NotSupportedException>().WithMessage("A ReadOnlyDictionary`2 with tensors to cast cannot be made anew: it has no constructor without arguments.*");
    }

    private static T Cast<T>(T inputs) => TensorCast.Cast(inputs, ScalarType.Float32, ScalarType.Float64);
}
