using System.Globalization;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>Holds a model, an optimizer and hooks; what runs when is up to the derived runner.</summary>
/// <remarks>
/// Where the runner stands is in a <see cref="RunnerState"/>, which can be replaced (<see cref="UseState"/>): then something else may drive the very runner
/// that hooks and models know. Source: MMCV <c>BaseRunner</c>.
/// </remarks>
[HoldsTensors("owner: the model, and the iteration's dispose scope")]
public abstract class BaseRunner : IDisposable
{
    private readonly HookRegistry<Hook, HookStage> hooks = new();
    private readonly List<IDisposable> builtHooks = [];

    /// <summary>Makes a runner without hooks.</summary>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="options">The settings.</param>
    /// <param name="state">Where the runner stands; <see langword="null"/> for a new state.</param>
    /// <exception cref="ArgumentException">Both limits are set, or the logger is missing.</exception>
    protected BaseRunner(nn.Module model, RunnerOptions options, RunnerState? state = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        if (options is { MaxEpochs: not null, MaxIters: not null })
        {
            throw new ArgumentException(
                $"MaxEpochs is {options.MaxEpochs} and MaxIters is {options.MaxIters}; only one of them can be set.", nameof(options));
        }

        if (options.Logger is null)
        {
            throw new ArgumentException(
                "The runner has no logger. Set Logger in its options, for example Logger = new LineLogger(\"mmcv\", [Console.Out]).", nameof(options));
        }

        if (options.WorkDir?.Length == 0)
        {
            throw new ArgumentException(
                "WorkDir is empty; it must be the path of a folder, which is made if it is missing. Write for example WorkDir = \"work_dirs/toy\", or leave it out.", nameof(options));
        }

        TorchEnvironment.EnsureLoaded();
        Model = model;
        Collectives = ProcessCheck.CollectivesOf(model, options);
        Logger = ErrorsOnly.OnOtherRanks(options.Logger, Collectives.Rank);
        Probe = options.Probe ?? new();
        Options = options;
        Meta = options.Meta;
        WorkDir = options.WorkDir is null ? null : Directory.CreateDirectory(options.WorkDir).FullName;
        Timestamp = Time.GetLocalNow().ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture);
        PendingScalars pending = new(options.NonFiniteLoss, Logger);
        LogBuffer = new LogBuffer(pending);
        Parameters = new ParameterWatch(pending, Logger);
        Failures = new FailureReport(Logger, WhereItStands, Collectives);
        State = state ?? new() { MaxEpochs = options.MaxEpochs, MaxIters = options.MaxIters };
    }

    /// <summary>Gets the settings that the runner was made with.</summary>
    public RunnerOptions Options { get; }

    /// <summary>Gets the model. Borrowed.</summary>
    public nn.Module Model { get; }

    /// <summary>Gets the name of the model's class; of a wrapped model, that of the model behind.</summary>
    public string ModelName => (Model is MMDistributedDataParallel wrapper ? wrapper.Module : Model).GetType().Name;

    /// <summary>Gets the optimizer, or several by name; <see langword="null"/> if there is none.</summary>
    public OptimizerSet? Optimizer => Options.Optimizer;

    /// <summary>Gets where log lines go.</summary>
    public ILogger Logger { get; }

    /// <summary>Gets the clock of timers and time stamps.</summary>
    public TimeProvider Time => Options.Time;

    /// <summary>Gets the folder for everything that the run writes, as a full path; <see langword="null"/> if there is none.</summary>
    public string? WorkDir { get; }

    /// <summary>Gets or sets what is written into checkpoints and the JSON log.</summary>
    public RunnerMeta? Meta { get; set; }

    /// <summary>Gets or sets the local time at which the runner was made, as <c>yyyyMMdd_HHmmss</c>. Scripts set it, so that logs share a name.</summary>
    public string Timestamp { get; set; }

    /// <summary>Gets the log values of the present epoch.</summary>
    public LogBuffer LogBuffer { get; }

    /// <summary>Gets the hooks, in the order in which they are called.</summary>
    public IReadOnlyList<Hook> Hooks => hooks.All;

    /// <summary>Gets the hook that is being called, and its point, in words.</summary>
    /// <value>For example <c>TextLoggerHook at AfterTrainIter</c>; <see langword="null"/> if none is being called.</value>
    public string? RunningHook => hooks.Running;

    /// <summary>Gets the position of this process among those that train together.</summary>
    public int Rank => Collectives.Rank.Rank;

    /// <summary>Gets how many processes train together.</summary>
    public int WorldSize => Collectives.Rank.WorldSize;

    /// <summary>Gets what the training processes do together.</summary>
    public ICollectives Collectives { get; }

    /// <summary>Gets what announces the moments of an update that no hook sees. Optimizer hooks call it inside their step.</summary>
    public IterationProbe Probe { get; }

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

    /// <summary>Gets or sets what the step of the present iteration returned; <see langword="null"/> between iterations. Borrowed.</summary>
    /// <remarks>
    /// A hook before the optimizer hook may put other outputs in their place, as <c>runner.outputs['loss'] = …</c> does in MMCV:
    /// <c>runner.Outputs = runner.Outputs with { Loss = loss }</c>. The log values of the step are in the buffer already and stay.
    /// </remarks>
    public StepOutputs? Outputs
    {
        get => State.Outputs;
        set => State.Outputs = value;
    }

    /// <summary>Gets whether schedules and loggers of <see cref="RegisterTrainingHooks"/> count epochs if they do not say it themselves.</summary>
    /// <value><see langword="true"/> unless overridden: a runner that counts iterations says <see langword="false"/>, as MMCV's does.</value>
    protected virtual bool DefaultByEpoch => true;

    /// <summary>Gets what says that a training changes nothing; a derived runner starts it, counts its iterations with it and ends it.</summary>
    protected ParameterWatch Parameters { get; }

    /// <summary>Gets what reports where the run stands when something throws; a derived runner watches its iterations with it.</summary>
    protected FailureReport Failures { get; }

    /// <summary>Gets where the runner stands, to be written by the runner itself.</summary>
    protected RunnerState State { get; private set; }

    /// <summary>Lets the runner stand where another state says: counters, limits, mode, loader, batch and outputs are read from it from now on.</summary>
    /// <remarks>
    /// For who drives this runner from outside: attach a state before the training, call its <see cref="RunnerState.BeginIter"/>, <see cref="CallHook"/> and
    /// <see cref="TakeOutputs"/> in the order of the iteration, and attach a plain state with the final counters afterwards. Nothing is copied from the old
    /// state, <see cref="MaxEpochs"/> neither. Not in the middle of an iteration.
    /// </remarks>
    /// <param name="state">The new state.</param>
    /// <returns>The old state.</returns>
    public RunnerState UseState(RunnerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        RunnerState old = State;
        State = state;
        return old;
    }

    /// <summary>Takes over what the model's step returned: log values and their weight into the log buffer, all of it into <see cref="Outputs"/>.</summary>
    /// <param name="outputs">What the step returned. Borrowed until the end of the iteration.</param>
    /// <param name="trainMode">Whether it was a training step, whose losses must be finite.</param>
    /// <exception cref="InvalidOperationException">The step returned null.</exception>
    /// <exception cref="KeyNotFoundException">There are log values without a number of samples.</exception>
    public void TakeOutputs(StepOutputs? outputs, bool trainMode)
    {
        StepOutputs returned = StepOutputs.Require(outputs, ModelName);
        StepOutputsLogger.Log(LogBuffer, returned, ModelName, trainMode ? Iter : null);
        State.Outputs = returned;
    }

    /// <summary>Announces what a loss scaler has decided about a step: to <see cref="Probe"/>, and to <see cref="LogBuffer"/>, whose losses need not be finite then.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    /// <param name="isSkipped">One element, not 0 if the step is left out; it is not read now. Borrowed.</param>
    public void AnnounceSkip(optim.Optimizer optimizer, Tensor isSkipped)
    {
        Probe.OnSkipped(optimizer, isSkipped);
        LogBuffer.Decide(isSkipped);
    }

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
        hooks.Register(
            hook, hook.Name, priority ?? HookPriority.Normal, [.. hook.GetTriggeredStages(), HookStage.BeforeEpoch, HookStage.AfterEpoch]);
    }

    /// <summary>Builds a hook and adds it behind those of the same priority. The runner disposes what it has built.</summary>
    /// <param name="config">The settings, or a hook that exists already.</param>
    /// <param name="priority">Where it stands; <see langword="null"/>, the default, for <see cref="HookPriority.Normal"/>.</param>
    public void RegisterHookFromConfig(HookConfig config, HookPriority? priority = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        Hook hook = config.Build();
        if (!config.IsBuilt && hook is IDisposable disposable)
        {
            builtHooks.Add(disposable);
        }

        RegisterHook(hook, priority);
    }

    /// <summary>Adds the hook that follows a schedule, with priority <see cref="HookPriority.VeryHigh"/>.</summary>
    /// <param name="config">The schedule, or the hook; <see langword="null"/> for none.</param>
    public void RegisterLrHook(LrConfig? config) => RegisterIfGiven(config, HookPriority.VeryHigh);

    /// <summary>Adds the hook that follows a schedule of the momentum, with priority <see cref="HookPriority.High"/>.</summary>
    /// <param name="config">The schedule, or the hook; <see langword="null"/> for none.</param>
    public void RegisterMomentumHook(MomentumConfig? config) => RegisterIfGiven(config, HookPriority.High);

    /// <summary>Adds the hook that updates the weights, with priority <see cref="HookPriority.AboveNormal"/>.</summary>
    /// <param name="config">Its settings, or the hook; <see langword="null"/> for no such hook.</param>
    public void RegisterOptimizerHook(OptimizerConfig? config) => RegisterIfGiven(config, HookPriority.AboveNormal);

    /// <summary>Adds the hook that times iterations, with priority <see cref="HookPriority.Low"/>.</summary>
    /// <param name="config">Its settings, or the hook; <see langword="null"/> for no such hook.</param>
    public void RegisterTimerHook(HookConfig? config) => RegisterIfGiven(config, HookPriority.Low);

    /// <summary>Adds loggers, with priority <see cref="HookPriority.VeryLow"/>.</summary>
    /// <param name="config">The loggers; <see langword="null"/> for none.</param>
    public void RegisterLoggerHooks(LogConfig? config)
    {
        foreach (LoggerConfig logger in config?.Hooks ?? [])
        {
            RegisterHookFromConfig(logger with { Interval = logger.Interval ?? config!.Interval }, HookPriority.VeryLow);
        }
    }

    /// <summary>Adds the hooks of a training, in MMCV's order: learning rate, momentum, optimizer, timer, loggers, custom.</summary>
    /// <param name="options">The hooks.</param>
    public virtual void RegisterTrainingHooks(TrainingHookOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RegisterLrHook(options.LrConfig is { } lr ? lr with { ByEpoch = lr.ByEpoch ?? DefaultByEpoch } : null);
        RegisterMomentumHook(options.MomentumConfig);
        RegisterOptimizerHook(options.OptimizerConfig);
        RegisterTimerHook(options.TimerConfig);
        RegisterLoggerHooks(options.LogConfig is { } log
            ? log with { Hooks = [.. log.Hooks.Select(logger => logger with { ByEpoch = logger.ByEpoch ?? DefaultByEpoch })] }
            : null);
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
    /// <param name="except">A hook that is left out, because whoever drives this runner from outside does its work; <see langword="null"/>, the default, for none.</param>
    public void CallHook(HookStage stage, Hook? except = null)
    {
        foreach (Hook hook in hooks.At((int)stage))
        {
            if (!ReferenceEquals(hook, except))
            {
                hook.Call(stage, this);
            }
        }
    }

    /// <summary>Describes which hooks are called at which point.</summary>
    /// <returns>One paragraph for each point that has hooks.</returns>
    public string GetHookInfo() => hooks.Describe(count: (int)HookStage.BeforeEpoch);

    /// <summary>Gets the optimizer, or says that there is none.</summary>
    /// <returns>The optimizer, or several by name.</returns>
    /// <exception cref="InvalidOperationException">The runner has no optimizer.</exception>
    public OptimizerSet RequireOptimizer() => Optimizer
        ?? throw new InvalidOperationException(
            "The runner has no optimizer, but a hook needs one. Set Optimizer in the runner's options, for example "
            + "Optimizer = new FusedSgd(model.parameters(), new() { Lr = 0.01 }).");

    /// <summary>Frees log values that nobody read, and the hooks that the runner built from settings. Hooks that were handed in are their makers'.</summary>
    public void Dispose()
    {
        Parameters.Dispose();
        builtHooks.ForEach(hook => hook.Dispose());
        builtHooks.Clear();
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
        Module = Model,
        Epoch = Epoch,
        Iteration = Iter,
        Step = DataBatch is null ? null : Mode == "val" ? "validation step" : "step",
        Hook = RunningHook,
        Batch = DataBatch,
    };

    private void RegisterIfGiven(HookConfig? config, HookPriority priority)
    {
        if (config is not null)
        {
            RegisterHookFromConfig(config, priority);
        }
    }
}
