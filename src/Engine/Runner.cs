using System.Globalization;
using Compat.Engine.Composition;
using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Compat.Torch.Native;
using Compat.Torch.Randomness;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;

namespace Compat.Engine;

/// <summary>Introduces the parts of a training to one another and starts them.</summary>
/// <remarks>Source: MMEngine <c>Runner</c>.</remarks>
[HoldsTensors("owner: the model")]
public sealed class Runner : IDisposable
{
    private readonly RunnerOptions options;
    private readonly StreamWriter? logFile;
    private BaseOptimWrapper? optimWrapper;
    private bool isDisposed;

    /// <summary>Makes a runner: seeds, moves the model to its device and registers the hooks.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">Settings do not fit together.</exception>
    public Runner(RunnerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RunnerComposer.Check(options);
        TorchEnvironment.EnsureLoaded();
        this.options = options;
        Probe = options.Probe ?? new();
        Collectives = ProcessComposer.Join(options);
        Timestamp = Collectives.ShareText(Time.GetLocalNow().ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture));
        ExperimentName = options.ExperimentName is null ? Timestamp : $"{options.ExperimentName}_{Timestamp}";
        WorkDir = Directory.CreateDirectory(options.WorkDir).FullName;
        if (options.Randomness.Seed is { } seed)
        {
            TorchSeed.Set(seed);
        }

        logFile = options.Logger is null && Collectives.Rank.Rank == 0 ? File.AppendText(Path.Combine(Directory.CreateDirectory(LogDir).FullName, $"{Timestamp}.log")) : null;
        Logger = ErrorsOnly.OnOtherRanks(
            options.Logger ?? new LineLogger("engine", logFile is null ? [Console.Out] : [Console.Out, logFile], time: Time), Collectives.Rank);
        MessageHub = new MessageHub(new PendingScalars(options.NonFiniteLoss, Logger));
        LogProcessor = new LogProcessor(options.LogProcessor);
        Model = RunnerComposer.BuildModel(this, options);
        Replica = ProcessComposer.ReplicaOf(Model, Collectives);
        DataloaderContext data = new(ProcessComposer.SamplerSeed(Collectives, options.Randomness.Seed), Collectives.Rank);
        TrainDataloader = options.TrainDataloader?.Build(data);
        ValDataloader = options.ValDataloader?.Build(data);
        TestDataloader = options.TestDataloader?.Build(data);
        Failures = new FailureReport(Logger, WhereItStands, Collectives);
        Parameters = new ParameterWatch(MessageHub.Pending, Logger);
        Hooks = new HookList(this);
        RunnerComposer.RegisterHooks(this, options);
    }

    /// <summary>Gets the model, with the wrapper in front of it if there is one.</summary>
    public BaseModel Model { get; }

    /// <summary>Gets what the training processes do together.</summary>
    public ICollectives Collectives { get; }

    /// <summary>Gets the folder for everything that the run writes, as a full path.</summary>
    public string WorkDir { get; }

    /// <summary>Gets the folder of this run's log: the time stamp below <see cref="WorkDir"/>.</summary>
    public string LogDir => Path.Combine(WorkDir, Timestamp);

    /// <summary>Gets what announces the moments of an update that no hook sees. Wrappers call it inside their step.</summary>
    public IterationProbe Probe { get; }

    /// <summary>Gets the local time at which the runner was made, as <c>yyyyMMdd_HHmmss</c>.</summary>
    public string Timestamp { get; }

    /// <summary>Gets the name of the experiment with the time stamp.</summary>
    public string ExperimentName { get; }

    /// <summary>Gets where log lines go.</summary>
    public ILogger Logger { get; }

    /// <summary>Gets the clock of timers and time stamps.</summary>
    public TimeProvider Time => options.Time;

    /// <summary>Gets the histories of everything that is logged.</summary>
    public MessageHub MessageHub { get; }

    /// <summary>Gets the seed that torch's generators were set to.</summary>
    /// <value><see langword="null"/> if <see cref="RunnerOptions.Randomness"/> has none: the generators are as they were.</value>
    public long? Seed => options.Randomness.Seed;

    /// <summary>Gets what makes log lines.</summary>
    public LogProcessor LogProcessor { get; }

    /// <summary>Gets the hooks, in order.</summary>
    public HookList Hooks { get; }

    /// <summary>Gets the training data.</summary>
    public BatchLoader? TrainDataloader { get; }

    /// <summary>Gets the validation data.</summary>
    public BatchLoader? ValDataloader { get; }

    /// <summary>Gets the test data.</summary>
    public BatchLoader? TestDataloader { get; }

    /// <summary>Gets the training loop.</summary>
    /// <value><see langword="null"/> until <see cref="Train"/> builds it.</value>
    public TrainLoop? TrainLoop { get; private set; }

    /// <summary>Gets the validation loop.</summary>
    /// <value><see langword="null"/> until it is built, and if there is no validation.</value>
    public EvaluationLoop? ValLoop { get; private set; }

    /// <summary>Gets the test loop.</summary>
    /// <value><see langword="null"/> until <see cref="Test"/> builds it.</value>
    public EvaluationLoop? TestLoop { get; private set; }

    /// <summary>Gets how far training has come.</summary>
    public TrainingProgress Progress { get; } = new();

    /// <summary>Gets how many epochs are trained; 0 until <see cref="Train"/> builds the loop.</summary>
    public int MaxEpochs => TrainLoop?.MaxEpochs ?? 0;

    /// <summary>Gets how many iterations are trained; 0 until <see cref="Train"/> builds the loop.</summary>
    public int MaxIters => TrainLoop?.MaxIters ?? 0;

    /// <summary>Gets what updates the weights.</summary>
    /// <exception cref="InvalidOperationException">It is not built yet: <see cref="Train"/> does it.</exception>
    public BaseOptimWrapper OptimWrapper => optimWrapper
        ?? throw new InvalidOperationException("The runner has no OptimWrapper yet. It is built when training starts: call Train first.");

    /// <summary>Gets the schedules, in the order in which they are applied.</summary>
    /// <value>Empty until <see cref="Train"/> builds them.</value>
    public IReadOnlyList<ParamScheduler> ParamSchedulers { get; private set; } = [];

    /// <summary>Gets what reports where the run stands when something throws.</summary>
    internal FailureReport Failures { get; }

    /// <summary>Gets what averages gradients over processes; <see langword="null"/> if the model was not made for several.</summary>
    internal ModelReplica? Replica { get; }

    /// <summary>Gets what says that a training changes nothing.</summary>
    internal ParameterWatch Parameters { get; }

    /// <summary>Gets or sets which kind of step is being made, and on which batch; the loops write it. Nothing between iterations.</summary>
    internal (string? Kind, DataBatch? Batch) Step { get; set; }

    /// <summary>Adds a hook behind those of the same priority.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="priority">Where it stands; <see langword="null"/> for its own priority.</param>
    public void RegisterHook(Hook hook, HookPriority? priority = null) => Hooks.Register(hook, priority);

    /// <summary>Trains.</summary>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidOperationException">The options say nothing about training, or it was started before.</exception>
    public BaseModel Train()
    {
        foreach (int _ in TrainIterations())
        {
        }

        return Model;
    }

    /// <summary>Trains, one iteration of training or validation at each step, so that several runners can be advanced in turn.</summary>
    /// <remarks>Whoever does this gives each runner its own random stream (<see cref="RandomState"/>).</remarks>
    /// <returns>The number of finished training iterations, after each iteration of either kind.</returns>
    /// <exception cref="InvalidOperationException">The options say nothing about training, or it was started before.</exception>
    public IEnumerable<int> TrainIterations()
    {
        PrepareTraining();
        Failures.Watch(Hooks.BeforeRun);
        InitializeCountStatus();
        Parameters.Start(Model.StateModule, OptimWrapper.ParamGroups, Probe);
        foreach (int iter in Failures.Watch(TrainLoop!.Iterations()))
        {
            yield return iter;
        }

        Parameters.Finish();
        Failures.Watch(Hooks.AfterRun);
    }

    /// <summary>Validates without training.</summary>
    /// <returns>The values by name: those of the metrics, then the means of the losses and <c>val_loss</c>, if the model returned losses.</returns>
    /// <exception cref="InvalidOperationException">The options say nothing about validation.</exception>
    public IReadOnlyDictionary<string, MetricValue> Val()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        ValLoop ??= RunnerComposer.BuildValLoop(this, options)
            ?? throw new InvalidOperationException("There is nothing to validate with. Set ValDataloader in the runner's options, and ValEvaluator if the model predicts.");
        return Evaluate(ValLoop);
    }

    /// <summary>Tests. Nothing for training is needed.</summary>
    /// <returns>The values by name: those of the metrics, then the means of the losses and <c>test_loss</c>, if the model returned losses.</returns>
    /// <exception cref="InvalidOperationException">The options say nothing about a test.</exception>
    public IReadOnlyDictionary<string, MetricValue> Test()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        TestLoop ??= RunnerComposer.BuildTestLoop(this, options)
            ?? throw new InvalidOperationException("There is nothing to test with. Set TestDataloader in the runner's options, and TestEvaluator if the model predicts.");
        return Evaluate(TestLoop);
    }

    /// <summary>Frees what the runner owns: the optimizer, loaders and model wrapper it built, the metrics, pending log values and the log file.</summary>
    public void Dispose()
    {
        isDisposed = true;
        Parameters.Dispose();
        TrainLoop?.Dispose();
        optimWrapper?.Dispose();
        options.ValEvaluator?.Dispose();
        options.TestEvaluator?.Dispose();
        MessageHub.Dispose();
        DisposeBuilt();
        logFile?.Dispose();
    }

    /// <summary>Tells the wrapper where training stands.</summary>
    internal void InitializeCountStatus() => OptimWrapper.InitializeCountStatus(Model.StateModule, Progress.Iter, MaxIters, Logger);

    /// <summary>Gets the data of a loop that runs.</summary>
    internal BatchLoader LoaderOf(LoopMode mode) => mode switch
    {
        LoopMode.Train => TrainLoop!.Dataloader,
        LoopMode.Val => ValLoop!.Dataloader,
        _ => TestLoop!.Dataloader,
    };

    private IReadOnlyDictionary<string, MetricValue> Evaluate(EvaluationLoop loop)
    {
        Failures.Watch(Hooks.BeforeRun);
        IReadOnlyDictionary<string, MetricValue> metrics = loop.Run();
        Failures.Watch(Hooks.AfterRun);
        return metrics;
    }

    // Whoever handed in a loader or a model disposes it.
    private void DisposeBuilt()
    {
        (DataloaderOptions? Options, BatchLoader? Loader)[] loaders =
            [(options.TrainDataloader, TrainDataloader), (options.ValDataloader, ValDataloader), (options.TestDataloader, TestDataloader)];
        foreach ((DataloaderOptions? _, BatchLoader? loader) in loaders.Where(one => one.Options is not BuiltDataloader))
        {
            loader?.Dispose();
        }

        if (!ReferenceEquals(Model, options.Model))
        {
            Model.Dispose();
        }
    }

    private FailureContext WhereItStands() => new()
    {
        Side = "engine",
        Model = Model.StateModule.GetType().Name,
        Module = Model.StateModule,
        Epoch = Progress.Epoch,
        Iteration = Progress.Iter,
        Step = Step.Kind,
        Hook = Hooks.Running,
        Batch = Step.Batch,
    };

    private void PrepareTraining()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (TrainLoop is not null)
        {
            throw new InvalidOperationException("Training was started before. Make a new runner to train again.");
        }

        TrainLoop = options.TrainCfg?.Build(this)
            ?? throw new InvalidOperationException(
                "There is nothing to train with. Set TrainDataloader, TrainCfg and OptimWrapper in the runner's options.");
        optimWrapper = RunnerComposer.BuildOptimWrapper(this, options);
        ParamSchedulers = RunnerComposer.BuildParamSchedulers(this, options);
        ProcessComposer.CheckSameLength(this);
        ValLoop ??= RunnerComposer.BuildValLoop(this, options);
        EngineLog.Line(Logger, $"Hooks will be executed in the following order:\n{Hooks.Describe()}");
    }
}
