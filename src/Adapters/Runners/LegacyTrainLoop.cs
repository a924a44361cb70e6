using Compat.Adapters.Models;
using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;

namespace Compat.Adapters.Runners;

/// <summary>Trains a legacy runner's workflow on the engine: while it runs, the legacy runner stands where the engine does.</summary>
/// <remarks>
/// Preserves: the runner object that hooks and models know; its counters, limits, mode, loader, batch and outputs at every point; the model is in its mode
/// before hooks are called, so that a hook can put parts of it, such as batch norm, back into evaluation mode. Afterwards the runner knows where it stands,
/// however training ended.
/// Changes: nothing.
/// Rejects: a runner that is being trained already; counters that are set once training has begun.
/// </remarks>
internal abstract class LegacyTrainLoop : TrainLoop
{
    private bool mayResume;
    private bool isAttached;

    protected LegacyTrainLoop(Compat.Engine.Runner engine, LegacyRunnerTranslator translator)
        : base(engine, engine.TrainDataloader!)
    {
        Legacy = translator.Legacy;
        Flows = [.. translator.Workflow.Zip(translator.DataLoaders)];
        Validations = [.. Flows.Select(pair => pair.Flow.Mode == "val" ? new LegacyValLoop(engine, pair.Loader) : null)];
        State = new EngineRunnerState(this);
        MoveTo(new TrainingPosition(Legacy.Epoch, Legacy.Iter, BatchIndex: 0));  // MMCV goes on at the beginning of an epoch
    }

    /// <summary>Gets the legacy runner.</summary>
    public WorkflowRunner Legacy { get; }

    /// <summary>Gets where the legacy runner stands while it is trained; <see langword="null"/> otherwise.</summary>
    public RunnerState? AttachedState => isAttached ? State : null;

    // The old hooks average with what the old side's wrapper has.
    protected override ModelReplica? Replica => (Legacy.Model as MMDistributedDataParallel)?.Replica ?? base.Replica;

    /// <summary>Gets the flows of the workflow with their loaders.</summary>
    protected IReadOnlyList<(WorkflowStep Flow, BatchLoader Loader)> Flows { get; }

    /// <summary>Gets what runs each flow that validates; <see langword="null"/> for one that trains.</summary>
    protected IReadOnlyList<LegacyValLoop?> Validations { get; }

    /// <summary>Gets where the legacy runner stands.</summary>
    protected EngineRunnerState State { get; }

    /// <summary>Gets whether enough is trained.</summary>
    protected abstract bool IsDone { get; }

    public override IEnumerable<int> Iterations()
    {
        RunnerState own = Attach();
        try
        {
            foreach (int iter in base.Iterations())
            {
                yield return iter;
            }
        }
        finally
        {
            Detach(own);
        }
    }

    /// <summary>Goes to another position, as a hook may that resumes before the run.</summary>
    public void Resume(int epoch, int iter)
    {
        if (!mayResume)
        {
            throw new InvalidOperationException(
                $"The runner's position was set to epoch {epoch}, iteration {iter}, while the engine trains it. Resume before training, or in BeforeRun at the "
                + "latest, and call Run only when the engine's training has ended.");
        }

        MoveTo(new TrainingPosition(epoch, iter, BatchIndex: 0));
    }

    protected override IEnumerable<int> Run()
    {
        mayResume = false;
        if (IsDone)
        {
            CompatEvents.Write(
                Runner.Logger,
                LogLevel.Warning,
                CompatEvents.NothingLeftToTrain,
                $"Nothing is left to train: epoch {Progress.Epoch} and iteration {Progress.Iter} are reached. To train further, make a runner with a larger limit.");
        }

        return RunFlows();
    }

    /// <summary>Runs the flows again and again, until enough is trained.</summary>
    /// <returns>The number of finished training iterations, after each iteration of either kind.</returns>
    protected abstract IEnumerable<int> RunFlows();

    // Validations are flows of the workflow.
    protected override bool IsValidationDue(TrainingPosition position) => false;

    /// <summary>Tells whether a flow goes on: only training stops when enough is trained, a trailing validation still runs.</summary>
    protected bool GoesOn(WorkflowStep flow, int times) => times < flow.Epochs && !(flow.Mode == "train" && (IsDone || IsStopping));

    /// <summary>Says what is running, and puts the model into its mode.</summary>
    protected void BeginTraining(BatchLoader loader)
    {
        Model.train();
        State.Mode = "train";
        State.DataLoader = loader;
    }

    protected override void RunIter(int batchIndex, DataBatch batch)
    {
        State.BeginIter(batchIndex, batch);
        base.RunIter(batchIndex, batch);
        State.EndIter();
    }

    /// <summary>Finds losses that nobody looked at and that are not finite.</summary>
    protected void Flush()
    {
        Runner.MessageHub.Pending.Flush();
        Legacy.LogBuffer.Flush();
    }

    private RunnerState Attach()
    {
        RunnerState own = Legacy.UseState(State);
        if (own is EngineRunnerState)
        {
            Legacy.UseState(own);
            throw new InvalidOperationException("The engine is training this runner already. Let that training end, or make another runner.");
        }

        State.InnerIter = own.InnerIter;
        State.MaxEpochs = own.MaxEpochs;
        State.MaxIters = MaxIters;                                    // hooks read it before the first epoch
        State.Mode = own.Mode;
        State.DataLoader = own.DataLoader;
        (mayResume, isAttached) = (true, true);
        LegacyModelAdapter.In(Model)!.ShowTo(Legacy, Runner.OptimWrapper);
        Legacy.LogBuffer.Listener = new LogBufferAdapter(Runner, Legacy).PassOn;
        return own;
    }

    private void Detach(RunnerState own)
    {
        Legacy.LogBuffer.Listener = null;
        own.Epoch = State.Epoch;
        own.Iter = State.Iter;
        own.InnerIter = State.InnerIter;
        own.MaxIters = State.MaxIters;
        own.Mode = State.Mode;
        own.DataLoader = State.DataLoader;
        own.EndIter();
        Legacy.UseState(own);
        isAttached = false;
    }
}
