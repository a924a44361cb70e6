using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests;

public sealed class StepOutputsTests
{
    [Fact]
    public void What_is_present_is_given_back()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor loss = ones(1);
        StepOutputs outputs = new() { Loss = loss, NumSamples = 3 };

        outputs.RequireLoss("Net").Should().BeSameAs(loss);
        outputs.RequireNumSamples("Net").Should().Be(3);
    }

    [Fact]
    public void Missing_values_are_named_with_the_model_and_what_is_present()
    {
        using DisposeScope scope = NewDisposeScope();
        StepOutputs outputs = new() { LogVars = new LogVars { ["acc"] = 1.0 }, Extras = new Dictionary<string, Tensor> { ["results"] = ones(1) } };

        Action loss = () => outputs.RequireLoss("Net");
        Action samples = () => outputs.RequireNumSamples("Net");

        loss.Should().Throw<KeyNotFoundException>().WithMessage(
            "Net.TrainStep returned no loss. Keys present: log_vars, results. Set StepOutputs.Loss, or leave the optimizer hook out if the model updates its "
            + "weights itself.");
        samples.Should().Throw<KeyNotFoundException>().WithMessage(
            "Net returned log_vars without num_samples. Keys present: log_vars, results. Set StepOutputs.NumSamples to the size of the batch.");
    }

    [Fact]
    public void An_empty_result_says_none()
    {
        Action loss = () => new StepOutputs().RequireLoss("Net");

        loss.Should().Throw<KeyNotFoundException>().WithMessage("*Keys present: none.*");
    }
}
