using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

public sealed class ClipGradNormErrorTests
{
    [Fact]
    public void A_norm_that_is_not_finite_is_an_error_only_if_asked_for()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter parameter = new(zeros(2)) { grad = tensor([1f, float.PositiveInfinity]) };
        Action strict = () => ClipGradNorm.Apply([parameter], 1, errorIfNonfinite: true);

        strict.Should().Throw<InvalidOperationException>()
            .WithMessage("The norm of the gradients is Infinity, so they cannot be clipped. Look at the loss of this batch, or leave errorIfNonfinite out to go on.");
        parameter.grad!.ToArray().Should().Equal(1f, float.PositiveInfinity);
        ClipGradNorm.Apply([parameter], 1)!.item<float>().Should().Be(float.PositiveInfinity);
    }

    [Fact]
    public void Gradients_of_several_types_are_clipped_by_their_common_norm()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter single = new(zeros(1)) { grad = tensor([3f]) };
        Parameter twice = new(zeros(1, ScalarType.Float64)) { grad = tensor([4.0]) };

        Tensor norm = ClipGradNorm.Apply([single, twice], 1)!;

        norm.to(ScalarType.Float64).item<double>().Should().BeApproximately(5, 1e-6);
        single.grad!.item<float>().Should().BeApproximately(0.6f, 1e-6f);
        twice.grad!.item<double>().Should().BeApproximately(0.8, 1e-6);
    }
}
