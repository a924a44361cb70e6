using Compat.Api.Tests.Support;
using Compat.Engine;
using Compat.Engine.Optim;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

public sealed class OptimWrapperTests
{
    private static readonly OptimWrapperOptions Plain = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, null)]
    [InlineData(1, 0.01)]
    [InlineData(3, 0.01)]
    public void A_wrapper_with_loss_scaling_of_ones_own_keeps_accumulation_and_clipping(int counts, double? maxNorm)
    {
        OptimWrapperOptions options = Plain with { AccumulativeCounts = counts, ClipGrad = maxNorm is { } norm ? new GradClipNormOptions { MaxNorm = norm } : null };

        // A scale that is a power of two changes no bit of the unscaled gradients.
        float scaled = LineRun.WeightAfter(run => run with { OptimWrapper = new ScaledOptimWrapperOptions(options) });

        scaled.Should().Be(LineRun.WeightAfter(run => run with { OptimWrapper = options }));
        if (counts > 1 || maxNorm is not null)
        {
            scaled.Should().NotBe(LineRun.WeightAfter(run => run with { OptimWrapper = new ScaledOptimWrapperOptions(Plain) }), "the setting acts");
        }
    }

    [Fact]
    public void A_way_to_clip_of_ones_own_acts_and_logs_what_it_returns()
    {
        using LineRun run = new();
        using Runner runner = new(run.Options with { OptimWrapper = Plain with { ClipGrad = new HalvingClipOptions(1) } });
        runner.Train();

        // Half the gradient at twice the rate: both factors are powers of two and change no other bit.
        OptimWrapperOptions twice = Plain with { Optimizer = new FusedSgdOptions { Lr = 0.2 }, ClipGrad = new HalvingClipOptions(1) };
        LineRun.WeightAfter(options => options with { OptimWrapper = twice }).Should().Be(LineRun.WeightAfter(options => options with { OptimWrapper = Plain }));
        LineRun.WeightAfter(options => options with { OptimWrapper = twice with { ClipGrad = null } }).Should()
            .NotBe(LineRun.WeightAfter(options => options with { OptimWrapper = Plain }), "clipping acts");
        runner.MessageHub.GetScalar("train/grad_norm").Current().Should().Be(2, "there are a weight and a bias");
    }

    [Fact]
    public void What_a_way_to_clip_of_ones_own_finds_wrong_is_said_before_training()
    {
        using LineRun run = new();
        Action act = () =>
        {
            using Runner runner = new(run.Options with { OptimWrapper = Plain with { ClipGrad = new HalvingClipOptions(-1) } });
            runner.Train();
        };

        act.Should().Throw<ArgumentOutOfRangeException>().WithMessage("Times is -1; it must be at least 0. Use 0 for no change.*");
    }

    [Fact]
    public void What_it_adds_to_the_state_stands_beside_the_optimizers()
    {
        using DisposeScope scope = NewDisposeScope();
        using LineRun run = new();
        using Runner runner = new(run.Options with { OptimWrapper = new ScaledOptimWrapperOptions(Plain) });
        runner.Train();

        PthDict state = runner.OptimWrapper.SaveState();

        state.Select(entry => ((PthText)entry.Key).Value).Should().StartWith(["state", "param_groups"]).And.EndWith("loss_scaler");
    }
}
