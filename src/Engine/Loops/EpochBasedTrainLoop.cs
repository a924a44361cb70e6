using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;

namespace Compat.Engine.Loops;

/// <summary>Trains epoch by epoch and validates between epochs.</summary>
/// <remarks>Source: MMEngine <c>EpochBasedTrainLoop</c>.</remarks>
public class EpochBasedTrainLoop : TrainLoop
{
    /// <summary>Makes the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="options">How long to train and when to validate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public EpochBasedTrainLoop(Runner runner, EpochBasedTrainLoopOptions options)
        : base(runner, runner?.TrainDataloader!)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxEpochs);
        Validation = new(options.ValBegin, options.ValInterval, options.DynamicIntervals);
        MaxEpochs = options.MaxEpochs;
    }

    /// <inheritdoc/>
    public override int MaxEpochs { get; }

    /// <inheritdoc/>
    public override int MaxIters => MaxEpochs * Dataloader.Length;

    /// <summary>Gets after which epochs the model is validated.</summary>
    public ValidationInterval Validation { get; }

    /// <inheritdoc/>
    public override void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.TryGetValue("passes", out _))
        {
            throw new PthException(
                "The state is that of a loop by iteration: it has 'passes'. Resume with IterBasedTrainLoopOptions, or begin the training anew.");
        }

        base.LoadState(state);
    }

    /// <inheritdoc/>
    protected override IEnumerable<int> Run()
    {
        WarnIfNothingIsLeft();
        while (true)
        {
            foreach (int iter in ValidateIfDue())
            {
                yield return iter;
            }

            if (Progress.Epoch >= MaxEpochs || IsStopping)
            {
                yield break;
            }

            foreach (int iter in RunEpoch())
            {
                yield return iter;
            }
        }
    }

    /// <summary>Trains one epoch, or what is left of it after a resume.</summary>
    /// <returns>The number of finished iterations, after each one.</returns>
    protected virtual IEnumerable<int> RunEpoch()
    {
        BeginEpoch();
        ApplyRestored();
        int batches = Progress.BatchIndex;                            // above 0 after a resume
        foreach (DataBatch batch in Dataloader)
        {
            batches++;
            RunIter(Progress.BatchIndex, batch);
            yield return Progress.Iter;
        }

        RequireCounted();
        Runner.Collectives.RequireWholePass(batches, Dataloader.Length);
        EndEpoch();
        FinishEpoch();
    }

    /// <summary>Does what comes before the first batch of an epoch. As MMEngine, hooks come first.</summary>
    protected virtual void BeginEpoch()
    {
        CallBeforeTrainEpoch();
        Model.train();
    }

    /// <summary>Does what comes after the last batch of an epoch.</summary>
    protected virtual void EndEpoch()
    {
        CallAfterTrainEpoch();
        Runner.MessageHub.Pending.Flush();                            // a loss that nobody looked at is found here at the latest
    }

    private void WarnIfNothingIsLeft()
    {
        if (Progress.Epoch >= MaxEpochs)
        {
            CompatEvents.Write(
                Runner.Logger,
                LogLevel.Warning,
                CompatEvents.NothingLeftToTrain,
                $"Nothing is left to train: {Progress.Epoch} of {MaxEpochs} epochs are done. To train further, make a runner with a larger MaxEpochs.");
        }
    }

    // A position at which batches were seen is above 0, after a resume too.
    private void RequireCounted()
    {
        if (Progress.BatchIndex == 0)
        {
            throw new InvalidOperationException(
                $"{GetType().Name} went over an epoch and counted no iteration, so schedules and the end of training stand still. Let its RunIter call FinishIter() "
                + "at its end, or base.RunIter.");
        }
    }

    /// <inheritdoc/>
    protected override bool IsValidationDue(TrainingPosition position) =>
        position.BatchIndex == 0 && Runner.ValLoop is not null && Validation.IsDue(position.Epoch, MaxEpochs);
}
