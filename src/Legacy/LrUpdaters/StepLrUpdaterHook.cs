using Compat.Legacy.Runners;
using Compat.Torch.Training;

namespace Compat.Legacy;

/// <summary>Lets the learning rate fall by a factor at given steps: <c>base · gamma^k</c>, where k steps are passed.</summary>
/// <remarks>Source: MMCV <c>StepLrUpdaterHook</c>.</remarks>
public sealed class StepLrUpdaterHook : LrUpdaterHook
{
    private readonly StepLrConfig config;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">Steps, factor and floor.</param>
    /// <exception cref="ArgumentException">The steps are not above 0, or decrease somewhere, or an interval is not one number.</exception>
    public StepLrUpdaterHook(StepLrConfig config)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        if (config.Step.Any(step => step <= 0) || (config.StepIsInterval && config.Step.Count != 1))
        {
            throw new ArgumentException(
                $"Step is [{string.Join(", ", config.Step)}]; all numbers must be above 0"
                + (config.StepIsInterval ? ", and with StepIsInterval there must be exactly one." : ". Epochs and iterations count from 0: leave out what is below 1."),
                nameof(config));
        }

        StepList.Check(config.Step, nameof(StepLrConfig.Step));
    }

    /// <inheritdoc/>
    protected override double GetLr(BaseRunner runner, double baseLr)
    {
        int progress = Progress(runner);
        int passed = config.StepIsInterval ? progress / config.Step[0] : config.Step.Count(step => step <= progress);
        double lr = baseLr * Math.Pow(config.Gamma, passed);
        return config.MinLr is { } floor ? Math.Max(lr, floor) : lr;
    }
}
