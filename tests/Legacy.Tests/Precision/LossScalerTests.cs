using Compat.TestSupport;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Precision;

public sealed class LossScalerTests
{
    [Fact]
    public void A_window_below_1_is_refused()
    {
        Action make = () => _ = new LossScaler(scaleWindow: 0);

        make.Should().Throw<ArgumentOutOfRangeException>().WithMessage(
            "The scale window is 0; it must be at least 1. Use 1 to raise the scale at every update.*");
    }

    [Fact]
    public void Looking_for_overflows_leaves_no_tensors_and_the_gradient_as_it_is()
    {
        using Parameter parameter = new(zeros(2));
        using Tensor gradient = ones(2);
        parameter.grad = gradient;
        LossScaler scaler = new();
        long before = LiveTensors.Settled();

        bool isFinite = !scaler.HasOverflow([parameter]);
        gradient.fill_(double.PositiveInfinity);

        isFinite.Should().BeTrue();
        scaler.HasOverflow([parameter]).Should().BeTrue();
        LiveTensors.Settled().Should().Be(before);
    }

    [Fact]
    public void A_state_in_another_mode_is_refused()
    {
        PthDict state = new LossScaler().SaveState();
        state["mode"] = "fixed";

        Action load = () => new LossScaler().LoadState(state);

        load.Should().Throw<PthException>().WithMessage("The state's mode is 'fixed'; it must be 'dynamic' or 'static'. Give the state of a loss scaler.");
    }

    [Theory]
    [InlineData("cur_scale", 0)]
    [InlineData("cur_scale", -2)]
    [InlineData("cur_scale", double.PositiveInfinity)]
    [InlineData("scale_factor", double.NaN)]
    [InlineData("scale_factor", 0)]
    public void A_number_that_no_training_goes_on_from_is_refused_and_changes_nothing(string entry, double number)
    {
        LossScaler scaler = new(8);
        PthDict before = scaler.SaveState();
        PthDict state = new LossScaler(64).SaveState();
        state[entry] = number;

        Action load = () => scaler.LoadState(state);

        load.Should().Throw<PthException>().WithMessage(FormattableString.Invariant(
            $"The state has {number} under '{entry}'; it must be above 0 and finite. The file is damaged; take an older one."));
        scaler.SaveState().Should().Equal(before);
    }
}
