using Compat.Engine.Model;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Loops;

/// <summary>What decides which batches the model is trained on, and when it is validated.</summary>
/// <remarks>A derived loop says in <see cref="Run"/> what is run; it counts by <see cref="FinishIter"/> and <see cref="FinishEpoch"/>.</remarks>
public abstract class TrainLoop : BaseLoop, IDisposable
{
    private readonly JointDecision stop;
    private readonly JointDecision stopTraining;
    private readonly JointDecision[] decisions;
    private RandomState? restored;

    /// <summary>Makes a loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="dataloader">The batches. Borrowed.</param>
    protected TrainLoop(Runner runner, BatchLoader dataloader)
        : base(runner, dataloader)
    {
        stop = new(Runner.Collectives);
        stopTraining = new(Runner.Collectives);
        decisions = [stop, stopTraining];
    }

    /// <summary>Gets how many epochs are trained.</summary>
    public abstract int MaxEpochs { get; }

    /// <summary>Gets how many iterations are trained.</summary>
    public abstract int MaxIters { get; }

    /// <summary>Gets how far training has come.</summary>
    public TrainingProgress Progress => Runner.Progress;

    /// <summary>Gets or sets whether training ends with the present epoch and the validation that follows it; a hook may set it.</summary>
    /// <remarks>
    /// <para>Of several processes one is enough, and all end together: they learn of it at the end of an epoch or a validation, or with the next update's exchange of
    /// gradients. So a loop by iteration in which a hook sets it between validations trains one update more than one process would.</para>
    /// <para>Source: MMEngine's <c>stop_training</c>.</para>
    /// </remarks>
    public bool StopTraining
    {
        get => stopTraining.IsWanted || stopTraining.IsMade;
        set => stopTraining.IsWanted = value;
    }

    /// <summary>Gets whether training ends because of <see cref="StopTraining"/>: in several processes, whether they know so together.</summary>
    protected bool IsStopping => stopTraining.IsMade;

    /// <summary>Gets what averages the gradients of this training, and tells the other processes of a wish to stop.</summary>
    /// <value>That of the runner; <see langword="null"/> in a single process.</value>
    protected virtual ModelReplica? Replica => Runner.Replica;

    /// <summary>Ends training after the iteration in progress, wherever it stands. It may be called from any thread, for example when the process is asked to end.</summary>
    /// <remarks>
    /// <para>Hooks after training are called while the loader still stands where it is, so that one of them can save the position.</para>
    /// <para>Of several processes one is enough, and all end together, after the iteration whose update carries the request along with the gradients: the one in progress
    /// or the next, and with accumulation the last one of a window.</para>
    /// </remarks>
    public void RequestStop() => stop.IsWanted = true;

    /// <summary>Trains, one iteration of training or validation at each step of the enumeration.</summary>
    /// <remarks>
    /// A loop that must set something up before the hooks before training, and take it down however training ends, overrides this method and goes over the
    /// base method's iterations. What is trained is said in <see cref="Run"/>.
    /// </remarks>
    /// <returns>The number of finished training iterations, after each iteration of either kind.</returns>
    public override IEnumerable<int> Iterations()
    {
        int iter = Progress.Iter;
        CallBeforeTrain();
        if (Progress.Iter != iter)
        {
            Runner.InitializeCountStatus();                           // a hook has resumed, as an old trainer's may
        }

        if (Replica is { } replica)
        {
            replica.Decisions = decisions;
        }

        MeetToDecide();
        using IEnumerator<int> training = Run().GetEnumerator();
        while (!stop.IsMade && training.MoveNext())
        {
            yield return training.Current;
        }

        CallAfterTrain();
    }

    /// <summary>Gives where the loop stands, so that a run can go on there exactly: counters, phase, position of the loader, random state.</summary>
    /// <remarks>Called by a hook after an iteration or epoch, the state is that of a run in which this iteration or epoch is over.</remarks>
    /// <returns>The state; tensors are fresh.</returns>
    public virtual PthDict SaveState()
    {
        TrainingPosition reached = Progress.Reached;
        return new()
        {
            ["epoch"] = reached.Epoch,
            ["iter"] = reached.Iter,
            ["batch_index"] = reached.BatchIndex,
            ["phase"] = (reached == Progress.Position ? Progress.Phase : PhaseAfter(reached)).ToString(),
            ["dataloader"] = Dataloader.SaveState(),
            ["random"] = RandomState.SaveState(),
        };
    }

    /// <summary>Goes to where another loop stood. Random numbers go on from there when the first batch, or a validation that is due, is about to be read.</summary>
    /// <param name="state">What <see cref="SaveState"/> returned, of a loop over the same data. Borrowed.</param>
    /// <exception cref="PthException">The state does not fit; the loop is as it was.</exception>
    public virtual void LoadState(PthDict state)
    {
        TrainingPosition position = new(state.RequireInt32("epoch"), state.RequireInt32("iter"), state.RequireInt32("batch_index"));
        if (position.BatchIndex > position.Iter)
        {
            throw new PthException(
                $"The state has {position.BatchIndex} under 'batch_index'; it must be from 0 to {position.Iter}, its 'iter'. The file is damaged; take an older one.");
        }

        string phase = state.Require<PthText>("phase", "a text").Value;
        if (!Enum.TryParse(phase, out TrainingPhase next) || next.ToString() != phase)
        {
            throw new PthException($"The state's 'phase' is '{phase}'; it must be {string.Join(", ", Enum.GetNames<TrainingPhase>())}.");
        }

        RandomState random = RandomState.FromPth(state.Require<PthDict>("random", "a dictionary"));
        try
        {
            Dataloader.LoadState(state.Require<PthDict>("dataloader", "a dictionary"));
        }
        catch (PthException)
        {
            random.Dispose();
            throw;
        }

        restored?.Dispose();
        restored = random;
        Progress.Position = position;
        Progress.Phase = next;
    }

    /// <summary>Frees a random state that was loaded and never used.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs everything between the hooks before and after training, from where <see cref="Progress"/> stands.</summary>
    /// <returns>The number of finished training iterations, after each iteration of training or validation.</returns>
    protected abstract IEnumerable<int> Run();

    /// <summary>Tells whether a validation follows.</summary>
    /// <param name="position">What is finished: an iteration, or an epoch if its <see cref="TrainingPosition.BatchIndex"/> is 0.</param>
    /// <returns>Whether it does.</returns>
    protected abstract bool IsValidationDue(TrainingPosition position);

    /// <summary>Trains on one batch.</summary>
    /// <param name="batchIndex">The position of the batch in the epoch, from 0.</param>
    /// <param name="batch">The batch; this method takes it over.</param>
    protected virtual void RunIter(int batchIndex, DataBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using DisposeScope iteration = NewDisposeScope();             // every tensor made below ends with this block
        batch.AttachTo(iteration);
        CallBeforeTrainIter(batchIndex, batch);
        LogVars outputs = StepResult.Require(Model.TrainStep(batch, Runner.OptimWrapper), Model);
        CallAfterTrainIter(batchIndex, batch, outputs);
        FinishIter();                                                 // hooks above still see the old number
    }

    /// <summary>Validates if that is due.</summary>
    /// <returns>The number of finished training iterations, after each iteration of the validation.</returns>
    protected IEnumerable<int> ValidateIfDue()
    {
        if (Progress.Phase == TrainingPhase.ValidationDue)
        {
            ApplyRestored();
            foreach (int _ in Runner.ValLoop?.Iterations() ?? [])
            {
                yield return Progress.Iter;
            }

            Progress.Phase = TrainingPhase.ValidationDone;
            MeetToDecide();
        }
    }

    /// <summary>
    /// Applies a random state that was loaded. The one place for it is between the hooks before an epoch, which draw random numbers again, and its first batch.
    /// </summary>
    protected void ApplyRestored()
    {
        restored?.Restore();
        restored?.Dispose();
        restored = null;
    }

    /// <summary>Lets the wrapper check what only the end of an iteration shows, and counts the iteration, after its hooks.</summary>
    protected void FinishIter()
    {
        Runner.OptimWrapper.FinishIter();
        MoveTo(Progress.Position.AfterIter);
        Runner.Parameters.EndIter();
    }

    /// <summary>Counts an epoch, after its hooks.</summary>
    protected void FinishEpoch()
    {
        MoveTo(Progress.Position.AfterEpoch);
        MeetToDecide();
    }

    /// <summary>Goes to a position, for example that of a training which is resumed by other means than <see cref="LoadState"/>. Not in the middle of an iteration.</summary>
    /// <param name="position">The position. Validations before it are taken to be done, unless it is due just there.</param>
    protected void MoveTo(TrainingPosition position)
    {
        Progress.Position = position;
        Progress.Phase = PhaseAfter(position);
    }

    /// <summary>Frees what the loop owns.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            restored?.Dispose();
        }
    }

    private void MeetToDecide() => JointDecision.Settle(Runner.Collectives, decisions);

    private TrainingPhase PhaseAfter(TrainingPosition position) =>
        IsValidationDue(position) ? TrainingPhase.ValidationDue : TrainingPhase.Training;
}
