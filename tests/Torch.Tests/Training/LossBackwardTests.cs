using System.Runtime.InteropServices;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class LossBackwardTests
{
    [Theory]
    [InlineData(new long[0])]
    [InlineData(new long[] { 1 })]
    [InlineData(new long[] { 1, 1 })]
    public void A_loss_of_one_element_gives_gradients_whatever_its_shape(long[] shape)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones(3, requires_grad: true);

        LossBackward.Run((weight * 2).sum().reshape(shape), "Net", 0);

        weight.grad!.data<float>().Should().Equal(2f, 2f, 2f);
    }

    [Fact]
    public void A_loss_of_several_elements_is_refused_with_its_shape()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones(2, 3, requires_grad: true);

        Action run = () => LossBackward.Run(weight * 2, "Net", 7);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            "The loss of Net has shape [2, 3] at iteration 7 (counted from 0); it must have one element. Reduce it, for example with .mean() or .sum().");
    }

    [Fact]
    public void A_number_and_a_detached_loss_are_refused_because_they_have_no_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones(1, requires_grad: true);
        const string Message =
            "The loss of Net, of shape {0}, has no gradient at iteration 7 (counted from 0): it is a plain number, or was detached, or no parameter that "
            + "requires a gradient took part in it. Compute it from the model's output, without item(), detach() or no_grad(), and see that the model has "
            + "trainable parameters.";

        Action number = () => LossBackward.Run(0.5, "Net", 7);
        Action detached = () => LossBackward.Run((weight * 2).detach(), "Net", 7);

        number.Should().Throw<InvalidOperationException>().WithMessage(Message.Replace("{0}", "[]", StringComparison.Ordinal));
        detached.Should().Throw<InvalidOperationException>().WithMessage(Message.Replace("{0}", "[1]", StringComparison.Ordinal));
    }

    [Fact]
    public void A_second_backward_is_explained_and_keeps_the_exception_of_libtorch()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones(1, requires_grad: true);
        Tensor loss = (weight * weight).sum();
        LossBackward.Run(loss, "Net", 3);

        Action again = () => LossBackward.Run(loss, "Net", 4);

        again.Should().Throw<InvalidOperationException>().WithMessage(
            "The loss of Net went through backward a second time at iteration 4 (counted from 0): its graph was used up before. Either two parts call "
            + "backward (the model itself, a wrapper, optimizer hooks): leave one of them out. Or a tensor of an earlier backward, such as a hidden state or a "
            + "running loss, is part of this loss: keep it as tensor.detach().")
            .WithInnerException<ExternalException>().WithMessage("Trying to backward through the graph a second time*");
    }

    [Fact]
    public void Any_other_exception_goes_on_untouched()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones(2, requires_grad: true);
        Tensor changed = weight * 1;
        Tensor loss = (changed * changed).sum();
        changed.add_(1);

        Action run = () => LossBackward.Run(loss, "Net", 0);

        run.Should().Throw<ExternalException>().WithMessage("one of the variables needed for gradient computation has been modified by an inplace operation*")
            .Which.InnerException.Should().BeNull();
    }
}
