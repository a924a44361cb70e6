using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

public sealed class ForwardOutputTests
{
    [Theory]
    [InlineData(ForwardMode.Loss, "Predictions", "Predictions was read, but the model was run with ForwardMode.Loss. Read Losses, or call Forward with ForwardMode.Predict.")]
    [InlineData(ForwardMode.Predict, "Losses", "Losses was read, but the model was run with ForwardMode.Predict. Read Predictions, or call Forward with ForwardMode.Loss.")]
    [InlineData(ForwardMode.Tensor, "Losses", "Losses was read, but the model was run with ForwardMode.Tensor. Read Tensor, or call Forward with ForwardMode.Loss.")]
    [InlineData(ForwardMode.Predict, "Tensor", "Tensor was read, but the model was run with ForwardMode.Predict. Read Predictions, or call Forward with ForwardMode.Tensor.")]
    public void What_the_mode_does_not_give_says_which_mode_was_run(ForwardMode mode, string property, string message)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        ForwardOutput output = model.Forward(new ToyBatch(ones(2, 1), zeros(2, 1)), mode);

        Action read = () => Read(output, property);

        read.Should().Throw<InvalidOperationException>().WithMessage(message);
        output.Mode.Should().Be(mode);
    }

    [Theory]
    [InlineData(ForwardMode.Loss, "Losses")]
    [InlineData(ForwardMode.Predict, "Predictions")]
    [InlineData(ForwardMode.Tensor, "Tensor")]
    public void A_model_that_returned_null_is_said_when_it_is_read(ForwardMode mode, string property)
    {
        using DisposeScope scope = NewDisposeScope();
        using NullModel model = new();
        ForwardOutput output = model.Forward(new ToyBatch(ones(1), ones(1)), mode);

        Action read = () => Read(output, property);

        read.Should().Throw<InvalidOperationException>().WithMessage(
            $"The model returned null when it was run with ForwardMode.{mode}, so there is no {property}. Let it return what its signature says.");
    }

    private static void Read(ForwardOutput output, string property) => _ = property switch
    {
        "Losses" => output.Losses,
        "Predictions" => output.Predictions,
        _ => (object)output.Tensor,
    };

    private sealed class NullModel : BaseModel<ToyBatch>
    {
        protected override LossDict Loss(ToyBatch batch) => null!;

        protected override DataBatch Predict(ToyBatch batch) => null!;

        protected override Tensor ForwardTensor(ToyBatch batch) => null!;
    }
}
