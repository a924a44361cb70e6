using Compat.Torch.Distributed;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;

namespace Compat.Legacy;

/// <summary>Settings of a runner.</summary>
public sealed record RunnerOptions
{
    /// <summary>Gets where log lines go; of several processes, those of 0, and errors of the others. It looks optional in MMCV, and is not.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>Gets the optimizer, or several by name.</summary>
    /// <value>The default is <see langword="null"/>: none.</value>
    public OptimizerSet? Optimizer { get; init; }

    /// <summary>Gets the folder for everything that the run writes. It is made if it is missing.</summary>
    /// <value>The default is <see langword="null"/>: nothing is written.</value>
    public string? WorkDir { get; init; }

    /// <summary>Gets what is written into checkpoints and as the first line of the JSON log, such as <c>exp_name</c>. The runner keeps this very object.</summary>
    /// <value>The default is <see langword="null"/>: nothing.</value>
    public RunnerMeta? Meta { get; init; }

    /// <summary>Gets what the training processes do together.</summary>
    /// <value>The default is <see cref="SingleProcess"/>, or those of the model, if that is a <see cref="MMDistributedDataParallel"/>.</value>
    public ICollectives Collectives { get; init; } = SingleProcess.Instance;

    /// <summary>Gets how many epochs are trained.</summary>
    /// <value>The default is <see langword="null"/>. Not together with <see cref="MaxIters"/>.</value>
    public int? MaxEpochs { get; init; }

    /// <summary>Gets how many iterations are trained.</summary>
    /// <value>The default is <see langword="null"/>. Not together with <see cref="MaxEpochs"/>.</value>
    public int? MaxIters { get; init; }

    /// <summary>Gets what happens when a loss turns out to be NaN or infinite. MMCV trains on.</summary>
    /// <value>The default is <see cref="NonFiniteLoss.Error"/>.</value>
    public NonFiniteLoss NonFiniteLoss { get; init; } = NonFiniteLoss.Error;

    /// <summary>Gets which MMCV the trainer behaves like, where versions differ.</summary>
    /// <value>The default is <see cref="LegacyBehavior.V1_7_2"/>.</value>
    public LegacyBehavior Behavior { get; init; } = LegacyBehavior.V1_7_2;

    /// <summary>Gets what announces the moments of an update that no hook sees, for listeners that several runners share.</summary>
    /// <value>The default is <see langword="null"/>: the runner makes one of its own.</value>
    public IterationProbe? Probe { get; init; }

    /// <summary>Gets the clock of timers and time stamps.</summary>
    /// <value>The default is the system's.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
