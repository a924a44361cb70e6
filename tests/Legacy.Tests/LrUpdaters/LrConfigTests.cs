namespace Compat.Legacy.Tests.LrUpdaters;

public sealed class LrConfigTests
{
    /// <summary>Read from MMCV 1.7.2 with <c>inspect.signature</c>.</summary>
    [Fact]
    public void Defaults_are_those_of_the_original()
    {
        StepLrConfig step = new() { Step = [1] };
        PolyLrConfig poly = new();
        CosineAnnealingMomentumConfig momentum = new() { MinMomentum = 0 };

        (step.ByEpoch ?? true, step.Warmup, step.WarmupIters, step.WarmupRatio, step.WarmupByEpoch).Should().Be((true, Warmup.None, 0, 0.1, false));
        (momentum.ByEpoch ?? true, momentum.Warmup, momentum.WarmupIters, momentum.WarmupRatio).Should().Be((true, Warmup.None, 0, 0.9));
        (step.Gamma, step.MinLr, step.StepIsInterval, poly.Power, poly.MinLr).Should().Be((0.1, null, false, 1, 0));
        (new CosineAnnealingLrConfig().MinLr, new CosineAnnealingLrConfig().MinLrRatio, new LinearAnnealingLrConfig().MinLr).Should().Be((null, null, null));
    }

    /// <summary>As MMCV, whose list may be empty: then the rate stays.</summary>
    [Fact]
    public void An_empty_list_of_steps_is_taken() => new StepLrConfig { Step = [] }.Invoking(config => config.Build()).Should().NotThrow();
}
