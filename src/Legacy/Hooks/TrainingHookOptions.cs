namespace Compat.Legacy;

/// <summary>The hooks of a training, as <c>register_training_hooks</c> takes them.</summary>
public sealed record TrainingHookOptions
{
    /// <summary>Gets the schedule of the learning rate, or the hook that follows one.</summary>
    /// <value>The default is <see langword="null"/>: it stays as the optimizer has it.</value>
    public LrConfig? LrConfig { get; init; }

    /// <summary>Gets the schedule of the momentum, or the hook that follows one. Unlike the other schedule, it counts epochs in every runner if it does not say it.</summary>
    /// <value>The default is <see langword="null"/>: it stays as the optimizer has it.</value>
    public MomentumConfig? MomentumConfig { get; init; }

    /// <summary>Gets the settings of the optimizer hook, or the hook.</summary>
    /// <value>The default is <see langword="null"/>: no such hook; the model updates its weights itself.</value>
    public OptimizerConfig? OptimizerConfig { get; init; }

    /// <summary>Gets the loggers.</summary>
    /// <value>The default is <see langword="null"/>: none.</value>
    public LogConfig? LogConfig { get; init; }

    /// <summary>Gets the settings of the hook that times iterations, or the hook. Without one, log lines are taken for those of a validation.</summary>
    /// <value>The default builds an <see cref="IterTimerHook"/>; <see langword="null"/> for none.</value>
    public HookConfig? TimerConfig { get; init; } = new IterTimerConfig();

    /// <summary>Gets further hooks, registered last and with normal priority.</summary>
    /// <value>The default is none.</value>
    public IReadOnlyList<Hook> CustomHooks { get; init; } = [];
}
