using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Runtime;
using Compat.Engine.Schedulers;
using Compat.Torch;
using Compat.Torch.Distributed;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Engine;

/// <summary>Settings of <see cref="Runner"/>.</summary>
[HoldsTensors("owner: the model")]
public sealed record RunnerOptions
{
    /// <summary>Gets the model.</summary>
    public required BaseModel Model { get; init; }

    /// <summary>Gets what stands in front of the model while it is trained.</summary>
    /// <value>
    /// The default is <see langword="null"/>: nothing; with several processes, an <see cref="MMDistributedDataParallel"/> that leaves buffers to each process.
    /// </value>
    public ModelWrapperOptions? ModelWrapper { get; init; }

    /// <summary>Gets the folder for everything that the run writes. It is made if it is missing.</summary>
    public required string WorkDir { get; init; }

    /// <summary>Gets the training data.</summary>
    /// <value>Set together with <see cref="TrainCfg"/> and <see cref="OptimWrapper"/>, or none of the three.</value>
    public DataloaderOptions? TrainDataloader { get; init; }

    /// <summary>Gets the training loop.</summary>
    public TrainLoopOptions? TrainCfg { get; init; }

    /// <summary>Gets how weights are updated.</summary>
    public BaseOptimWrapperOptions? OptimWrapper { get; init; }

    /// <summary>Gets the schedules, in the order in which they are applied.</summary>
    /// <value>The default is none.</value>
    public IReadOnlyList<ParamSchedulerOptions> ParamSchedulers { get; init; } = [];

    /// <summary>Gets the validation data.</summary>
    /// <value>The default is <see langword="null"/>: no validation.</value>
    public DataloaderOptions? ValDataloader { get; init; }

    /// <summary>Gets the validation loop.</summary>
    /// <value>The default is <see cref="ValLoop"/>.</value>
    public EvaluationLoopOptions ValCfg { get; init; } = new ValLoopOptions();

    /// <summary>Gets the metrics of the validation. The runner takes them over.</summary>
    /// <value>Needed if the model predicts; <see langword="null"/>, the default, if its <see cref="BaseModel.ValStep"/> returns losses alone.</value>
    public Evaluator? ValEvaluator { get; init; }

    /// <summary>Gets the test data.</summary>
    /// <value>The default is <see langword="null"/>: no test.</value>
    public DataloaderOptions? TestDataloader { get; init; }

    /// <summary>Gets the test loop.</summary>
    /// <value>The default is <see cref="TestLoop"/>.</value>
    public EvaluationLoopOptions TestCfg { get; init; } = new TestLoopOptions();

    /// <summary>Gets the metrics of the test. The runner takes them over. Those of the validation do not stand in for them.</summary>
    /// <value>Needed if the model predicts; <see langword="null"/>, the default, if its <see cref="BaseModel.TestStep"/> returns losses alone.</value>
    public Evaluator? TestEvaluator { get; init; }

    /// <summary>Gets which of the hooks that every run has are registered.</summary>
    /// <value>The default is all of them.</value>
    public DefaultHooks DefaultHooks { get; init; } = new();

    /// <summary>Gets further hooks; among equal priorities they run after the default ones.</summary>
    /// <value>The default is none.</value>
    public IReadOnlyList<Hook> CustomHooks { get; init; } = [];

    /// <summary>Gets how log lines are made.</summary>
    /// <value>The default averages over 10 iterations and counts by epoch.</value>
    public LogProcessorOptions LogProcessor { get; init; } = new();

    /// <summary>Gets the settings of the random generators.</summary>
    /// <value>The default leaves them as they are.</value>
    public RandomnessOptions Randomness { get; init; } = new();

    /// <summary>Gets where the model is trained, for example <c>torch.device("cuda:0")</c>; PyTorch's names are cpu, cuda and cuda:N.</summary>
    /// <value>The default is <see langword="null"/>: CUDA if there is a device, else the CPU.</value>
    public Device? Device { get; init; }

    /// <summary>Gets what has started the training processes; the runner joins them.</summary>
    /// <value>The default is <see cref="Launcher.None"/>: this process trains alone, unless <see cref="Collectives"/> is set.</value>
    public Launcher Launcher { get; init; }

    /// <summary>Gets what the training processes do together, for who has joined them before, for example with <see cref="Dist.Init"/>.</summary>
    /// <value>The default is <see cref="SingleProcess"/>.</value>
    public ICollectives Collectives { get; init; } = SingleProcess.Instance;

    /// <summary>Gets the name of the experiment; the time stamp is appended.</summary>
    /// <value>The default is <see langword="null"/>: the time stamp alone.</value>
    public string? ExperimentName { get; init; }

    /// <summary>Gets where log lines go.</summary>
    /// <value>
    /// The default is <see langword="null"/>: the console, and the file <c>WorkDir/timestamp/timestamp.log</c>. Of several processes, 0 writes the log and the others
    /// errors only, to the console or the logger that is given.
    /// </value>
    public ILogger? Logger { get; init; }

    /// <summary>Gets what happens when a loss turns out to be NaN or infinite.</summary>
    /// <value>The default is <see cref="NonFiniteLoss.Error"/>.</value>
    public NonFiniteLoss NonFiniteLoss { get; init; } = NonFiniteLoss.Error;

    /// <summary>Gets what announces the moments of an update that no hook sees, for listeners that several runners share.</summary>
    /// <value>The default is <see langword="null"/>: the runner makes one of its own.</value>
    public IterationProbe? Probe { get; init; }

    /// <summary>Gets the clock of timers and time stamps.</summary>
    /// <value>The default is the system's.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
