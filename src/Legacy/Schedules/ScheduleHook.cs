using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Sets one value of every parameter group before each epoch or iteration, from a formula of the counter.</summary>
/// <remarks>
/// The value is set, not changed: whatever somebody else wrote into a group is overwritten. During a warm-up the regular value of that moment is scaled (see
/// <see cref="Warmup"/>). Derive <see cref="LrUpdaterHook"/> or <see cref="MomentumUpdaterHook"/>.
/// </remarks>
public abstract class ScheduleHook : Hook
{
    private readonly ScheduleConfig config;

    private protected ScheduleHook(ScheduleConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        WarmupIters = config.WarmupIters;
        if (config.Warmup != Warmup.None && config.WarmupIters <= 0)
        {
            throw new ArgumentException($"WarmupIters is {config.WarmupIters}; with Warmup.{config.Warmup} it must be at least 1.", nameof(config));
        }

        if (config.Warmup != Warmup.None && config.WarmupRatio is not (> 0 and <= 1))
        {
            throw new ArgumentException($"WarmupRatio is {config.WarmupRatio}; it must be above 0 and at most 1.", nameof(config));
        }
    }

    /// <summary>Gets whether the policy counts epochs rather than iterations.</summary>
    protected internal bool ByEpoch => config.ByEpoch ?? true;

    /// <summary>Gets the initial values, from which the policy computes.</summary>
    private protected OptimizerSnapshot Base { get; private set; } = new(IsNamed: false, []);

    /// <summary>Gets the values of the present epoch or iteration, warm-up left aside.</summary>
    private protected OptimizerSnapshot Regular { get; private set; } = new(IsNamed: false, []);

    /// <summary>Gets or sets how many iterations the warm-up lasts.</summary>
    private protected int WarmupIters { get; set; }

    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        // A resumed optimizer has its initial values already; they stay the base.
        Base = runner.RequireOptimizer().Snapshot(InitialOf);
    }

    /// <inheritdoc/>
    public override void BeforeTrainEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (ByEpoch)
        {
            Regular = GetRegular(runner);
            Apply(runner, Regular);
        }
    }

    /// <inheritdoc/>
    public override void BeforeTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (!ByEpoch)
        {
            Regular = GetRegular(runner);
        }

        if (config.Warmup != Warmup.None && runner.Iter < WarmupIters)
        {
            Apply(runner, GetWarmup(runner.Iter));
        }
        else if (!ByEpoch || (config.Warmup != Warmup.None && runner.Iter == WarmupIters))
        {
            Apply(runner, Regular);
        }
    }

    /// <summary>Gets the value from which a group starts, and keeps it there if it was not kept yet.</summary>
    private protected abstract double InitialOf(OptimizerGroup group);

    /// <summary>Sets the value of a group.</summary>
    private protected abstract void Set(OptimizerGroup group, double value);

    /// <summary>Computes the regular value of a group from its initial one.</summary>
    private protected abstract double Compute(BaseRunner runner, double initial);

    /// <summary>Scales a regular value by the factor of the warm-up.</summary>
    private protected abstract double Scale(double value, double factor);

    /// <summary>Gets the regular values of all groups, in the words of the kind of schedule, which a policy may override.</summary>
    private protected abstract OptimizerSnapshot GetRegular(BaseRunner runner);

    /// <summary>Gets the values of all groups in a warm-up, likewise.</summary>
    private protected abstract OptimizerSnapshot GetWarmup(int iter);

    /// <summary>Sets the values of all groups, likewise.</summary>
    private protected abstract void Apply(BaseRunner runner, OptimizerSnapshot values);

    /// <summary>Computes the regular values of all groups.</summary>
    private protected OptimizerSnapshot ComputeAll(BaseRunner runner) => Base.Select(initial => Compute(runner, initial));

    /// <summary>Scales the regular values of all groups as the warm-up says; without a warm-up they stay.</summary>
    private protected OptimizerSnapshot ScaleAll(int iter)
    {
        double factor = WarmupFactor(iter);
        return Regular.Select(value => Scale(value, factor));
    }

    /// <summary>Gets the number of finished epochs, or iterations.</summary>
    private protected int Progress(BaseRunner runner) => ByEpoch ? runner.Epoch : runner.Iter;

    /// <summary>Gets which part of the training is over, from 0 to 1.</summary>
    private protected double PartDone(BaseRunner runner)
    {
        int max = (ByEpoch ? runner.MaxEpochs : runner.MaxIters) ?? throw new InvalidOperationException(
            $"{Name} needs to know how long the training is, but {(ByEpoch ? "MaxEpochs" : "MaxIters")} is not set. Set it in the runner's options, or let the "
            + $"schedule count {(ByEpoch ? "iterations (ByEpoch = false)" : "epochs (ByEpoch = true)")}.");
        return Progress(runner) / (double)max;
    }

    /// <summary>Sets the values of all groups.</summary>
    private protected void SetAll(BaseRunner runner, OptimizerSnapshot snapshot)
    {
        foreach ((KeyValuePair<string, optim.Optimizer> optimizer, KeyValuePair<string, IReadOnlyList<double>> values) in runner.RequireOptimizer().All.Zip(snapshot.Values))
        {
            foreach ((OptimizerGroup group, double value) in OptimizerGroup.Of(optimizer.Value).Zip(values.Value))
            {
                Set(group, value);
            }
        }
    }

    // The order of the operations is MMCV's: another one gives other last bits.
    private double WarmupFactor(int iter)
    {
        double left = 1 - (iter / (double)WarmupIters);
        return config.Warmup switch
        {
            Warmup.None => 1,
            Warmup.Constant => config.WarmupRatio,
            Warmup.Linear => 1 - (left * (1 - config.WarmupRatio)),
            _ => Math.Pow(config.WarmupRatio, left),
        };
    }
}
