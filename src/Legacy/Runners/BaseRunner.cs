using System.Globalization;
using System.Text.Json.Nodes;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>Holds a model, an optimizer and hooks; what runs when is up to the derived runner.</summary>
/// <remarks>
/// Where the runner stands is in a <see cref="RunnerState"/>: a façade on another engine brings its own, so that hooks work with both. Source: MMCV
/// <c>BaseRunner</c>.
/// </remarks>
[HoldsTensors("owner: the model, and the iteration's dispose scope")]
public abstract class BaseRunner : IDisposable
{
    private readonly HookRegistry<Hook, HookStage> hooks = new();

    /// <summary>Makes a runner without hooks.</summary>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="options">The settings.</param>
    /// <param name="state">Where the runner stands; <see langword="null"/> for a new state.</param>
    /// <exception cref="ArgumentException">Both limits are set.</exception>
    protected BaseRunner(nn.Module model, RunnerOptions options, RunnerState? state = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        if (options is { MaxEpochs: not null, MaxIters: not null })
        {
            throw new ArgumentException(
                $"MaxEpochs is {options.MaxEpochs} and MaxIters is {options.MaxIters}; only one of them can be set.", nameof(options));
        }

        TorchEnvironment.EnsureLoaded();
        Model = model;
        Options = options;
        Meta = options.Meta;
        WorkDir = options.WorkDir is null ? null : Directory.CreateDirectory(options.WorkDir).FullName;
        Timestamp = Time.GetLocalNow().ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture);
        PendingScalars pending = new(options.NonFiniteLoss, options.Logger);
        LogBuffer = new LogBuffer(pending);
        Parameters = new ParameterWatch(pending, Logger);
        Failures = new FailureReport(Logger, WhereItStands);
        State = state ?? new() { MaxEpochs = options.MaxEpochs, MaxIters = options.MaxIters };
    }

    /// <summary>Gets the settings that the runner was made with.</summary>
    public RunnerOptions Options { get; }

    /// <summary>Gets the model. Borrowed.</summary>
    public nn.Module Model { get; }

    /// <summary>Gets the name of the model's class.</summary>
    public string ModelName => Model.GetType().Name;

    /// <summary>Gets the optimizer, or several by name; <see langword="null"/> if there is none.</summary>
    public OptimizerSet? Optimizer => Options.Optimizer;

    /// <summary>Gets what announces the moments of an update that no hook sees. Hooks that update weights call it.</summary>
    public IterationProbe Probe => State.Probe;

    /// <summary>Gets where log lines go.</summary>
    public ILogger Logger => Options.Logger;

    /// <summary>Gets the clock of timers and time stamps.</summary>
    public TimeProvider Time => Options.Time;

    /// <summary>Gets the folder for everything that the run writes, as a full path; <see langword="null"/> if there is none.</summary>
    public string? WorkDir { get; }

    /// <summary>Gets or sets what is written into checkpoints and the JSON log.</summary>
    public JsonObject? Meta { get; set; }

    /// <summary>Gets or sets the local time at which the runner was made, as <c>yyyyMMdd_HHmmss</c>. Scripts set it, so that logs share a name.</summary>
    public string Timestamp { get; set; }

    /// <summary>Gets the log values of the present epoch.</summary>
    public LogBuffer LogBuffer { get; }

    /// <summary>Gets the hooks, in the order in which they are called.</summary>
    public IReadOnlyList<Hook> Hooks => hooks.All;

    /// <summary>Gets the position of this process among those that train together.</summary>
    public int Rank { get; }

    /// <summary>Gets how many processes train together.</summary>
    public int WorldSize { get; } = 1;

    /// <summary>Gets the number of finished epochs.</summary>
    public int Epoch => State.Epoch;

    /// <summary>Gets the number of finished iterations.</summary>
    public int Iter => State.Iter;

    /// <summary>Gets the position of the batch in its epoch, from 0.</summary>
    public int InnerIter => State.InnerIter;

    /// <summary>Gets how many epochs are trained; <see langword="null"/> if iterations are counted.</summary>
    public int? MaxEpochs => State.MaxEpochs;

    /// <summary>Gets how many iterations are trained; <see langword="null"/> until it is known.</summary>
    public int? MaxIters => State.MaxIters;

    /// <summary>Gets what is running: <c>train</c>, <c>val</c>, or <see langword="null"/> for nothing yet.</summary>
    public string? Mode => State.Mode;

    /// <summary>Gets the loader of the present epoch.</summary>
    public BatchLoader? DataLoader => State.DataLoader;

    /// <summary>Gets the batch of the present iteration; <see langword="null"/> between iterations. Borrowed.</summary>
    public DataBatch? DataBatch => State.DataBatch;

    /// <summary>Gets what the step of the present iteration returned; <see langword="null"/> between iterations. Borrowed.</summary>
    public StepOutputs? Outputs => State.Outputs;

    /// <summary>Gets what says that a training changes nothing; a derived runner starts it, counts its iterations with it and ends it.</summary>
    protected ParameterWatch Parameters { get; }

    /// <summary>Gets what reports where the run stands when something throws; a derived runner watches its iterations with it.</summary>
    protected FailureReport Failures { get; }

    /// <summary>Gets where the runner stands, to be written by the runner itself.</summary>
    protected RunnerState State { get; }

    /// <summary>Gets the learning rate of every parameter group.</summary>
    /// <returns>The learning rates.</returns>
    /// <exception cref="InvalidOperationException">The runner has no optimizer.</exception>
    public OptimizerSnapshot CurrentLr() => RequireOptimizer().Snapshot(group => group.Lr);

    /// <summary>Gets the momentum of every parameter group: the first beta where there are betas, 0 where there is neither.</summary>
    /// <returns>The momenta.</returns>
    /// <exception cref="InvalidOperationException">The runner has no optimizer.</exception>
    public OptimizerSnapshot CurrentMomentum() => RequireOptimizer().Snapshot(group => group.Momentum ?? 0);

    /// <summary>Adds a hook behind those of the same priority.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="priority">Where it stands; <see langword="null"/>, the default, for <see cref="HookPriority.Normal"/>.</param>
    /// <exception cref="ArgumentException">The hook is registered already.</exception>
    public virtual void RegisterHook(Hook hook, HookPriority? priority = null)
    {
        ArgumentNullException.ThrowIfNull(hook);
        hooks.Register(hook, hook.GetType().Name, priority ?? HookPriority.Normal, hook.GetTriggeredStages());
    }

    /// <summary>Adds the hook that follows a schedule, with priority <see cref="HookPriority.VeryHigh"/>.</summary>
    /// <param name="config">The schedule; <see langword="null"/> for none.</param>
    public void RegisterLrHook(LrConfig? config)
    {
        if (config is not null)
        {
            RegisterHook(config.Build(), HookPriority.VeryHigh);
        }
    }

    /// <summary>Adds the hook that updates the weights, with priority <see cref="HookPriority.AboveNormal"/>.</summary>
    /// <param name="config">Its settings; <see langword="null"/> for no such hook.</param>
    public void RegisterOptimizerHook(OptimizerConfig? config)
    {
        if (config is not null)
        {
            RegisterHook(new OptimizerHook(config), HookPriority.AboveNormal);
        }
    }

    /// <summary>Adds loggers, with priority <see cref="HookPriority.VeryLow"/>.</summary>
    /// <param name="config">The loggers; <see langword="null"/> for none.</param>
    public void RegisterLoggerHooks(LogConfig? config)
    {
        foreach (LoggerConfig logger in config?.Hooks ?? [])
        {
            RegisterHook((logger with { Interval = logger.Interval ?? config!.Interval }).Build(), HookPriority.VeryLow);
        }
    }

    /// <summary>Adds the hooks of a training, in MMCV's order: schedule, optimizer, timer, loggers, custom.</summary>
    /// <param name="options">The hooks.</param>
    public void RegisterTrainingHooks(TrainingHookOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RegisterLrHook(options.LrConfig);
        RegisterOptimizerHook(options.OptimizerConfig);
        if (options.Timer)
        {
            RegisterHook(new IterTimerHook(), HookPriority.Low);
        }

        RegisterLoggerHooks(options.LogConfig);
        foreach (Hook hook in options.CustomHooks)
        {
            RegisterHook(hook);
        }
    }

    /// <summary>Gets the priority under which a hook is registered.</summary>
    /// <param name="hook">A hook of this runner.</param>
    /// <returns>The priority.</returns>
    /// <exception cref="KeyNotFoundException">The hook is not registered.</exception>
    public HookPriority PriorityOf(Hook hook) => hooks.PriorityOf(hook);

    /// <summary>Calls a point of all hooks that override it, in order.</summary>
    /// <param name="stage">The point.</param>
    public void CallHook(HookStage stage)
    {
        foreach (Hook hook in hooks.At((int)stage))
        {
            hook.Call(stage, this);
        }
    }

    /// <summary>Describes which hooks are called at which point.</summary>
    /// <returns>One paragraph for each point that has hooks.</returns>
    public string GetHookInfo() => hooks.Describe();

    /// <summary>Gets the optimizer, or says that there is none.</summary>
    /// <returns>The optimizer, or several by name.</returns>
    /// <exception cref="InvalidOperationException">The runner has no optimizer.</exception>
    public OptimizerSet RequireOptimizer() => Optimizer
        ?? throw new InvalidOperationException("The runner has no optimizer, but a hook needs one. Set Optimizer in the runner's options.");

    /// <summary>Frees log values that nobody read.</summary>
    public void Dispose()
    {
        Parameters.Dispose();
        LogBuffer.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts <see cref="Parameters"/> for the runner's model and optimizers: after the hooks before the run, which may load weights.</summary>
    /// <exception cref="InvalidOperationException">There is an optimizer, but none of its parameters is the model's.</exception>
    protected void StartWatchingParameters() =>
        Parameters.Start(Model, [.. (Optimizer?.All ?? []).SelectMany(entry => OptimizerGroup.Of(entry.Value))], Probe);

    private FailureContext WhereItStands() => new()
    {
        Side = "legacy",
        Model = ModelName,
        Epoch = Epoch,
        Iteration = Iter,
        Step = DataBatch is null ? null : Mode == "val" ? "validation step" : "step",
        Hook = hooks.Running,
        Batch = DataBatch,
    };
}
