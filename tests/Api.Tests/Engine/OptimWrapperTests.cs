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
