using Compat.Engine.Logging;
using Compat.Torch.Logging;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;

namespace Compat.Engine.Loops;

/// <summary>Trains iteration by iteration, over the data as often as it takes, and validates between iterations.</summary>
/// <remarks>
/// <para>The whole training is one epoch: the hooks before and after an epoch are called once, <see cref="TrainingProgress.Epoch"/> stays 0, and the position of a
/// batch that hooks are told is the number of finished iterations. When the loader's pass is over it begins anew, with a warning as in MMEngine; a loader with an
/// <see cref="Torch.Data.InfiniteSampler"/> has no such end.</para>
/// <para>A state from <see cref="SaveState"/> goes on with the very next batch. A training that was moved to an iteration by other means reads what was trained on
/// once more and leaves it out, as MMEngine does. Source: MMEngine <c>IterBasedTrainLoop</c>.</para>
/// </remarks>
public class IterBasedTrainLoop : TrainLoop
{
    private readonly EndlessBatches batches;
    private bool isPlaced;

    /// <summary>Makes the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="options">How long to train and when to validate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public IterBasedTrainLoop(Runner runner, IterBasedTrainLoopOptions options)
        : base(runner, runner?.TrainDataloader!)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxIters);
        Validation = new(options.ValBegin, options.ValInterval, options.DynamicIntervals);
        batches = new(Dataloader, Runner.Logger);
        MaxIters = options.MaxIters;
    }

    /// <summary>Gets how many epochs are trained: all iterations together are one.</summary>
    public override int MaxEpochs => 1;

    /// <inheritdoc/>
    public override int MaxIters { get; }

    /// <summary>Gets after which iterations the model is validated.</summary>
    public ValidationInterval Validation { get; }

    /// <inheritdoc/>
    public override IEnumerable<int> Iterations()
    {
        try
        {
            foreach (int iter in base.Iterations())
            {
                yield return iter;
            }
        }
        finally
        {
            batches.Dispose();                                        // not sooner: a hook after training may save where the loader stands
        }
    }

    /// <inheritdoc/>
    public override PthDict SaveState()
    {
        PthDict state = base.SaveState();
        state["passes"] = batches.Passes;
        return state;
    }

    /// <inheritdoc/>
    public override void LoadState(PthDict state)
    {
        int passes = state.RequireInt32("passes");
        base.LoadState(state);
        batches.MoveTo(passes);
        isPlaced = true;
    }

    /// <inheritdoc/>
    protected override IEnumerable<int> Run()
    {
        WarnIfNothingIsLeft();
        CallBeforeTrainEpoch();
        SkipTrained();
        foreach (int iter in ValidateIfDue())
        {
            yield return iter;
        }

        while (Progress.Iter < MaxIters && !IsStopping)
        {
            RunNext();
            yield return Progress.Iter;
            foreach (int iter in ValidateIfDue())
            {
                yield return iter;
            }
        }

        CallAfterTrainEpoch(isCounted: false);
        Runner.MessageHub.Pending.Flush();                            // a loss that nobody looked at is found here at the latest
    }

    /// <inheritdoc/>
    protected override bool IsValidationDue(TrainingPosition position) => Runner.ValLoop is not null && Validation.IsDue(position.Iter, MaxIters);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            batches.Dispose();
        }

        base.Dispose(disposing);
    }

    private void RunNext()
    {
        Model.train();
        ApplyRestored();
        int iter = Progress.Iter;
        RunIter(iter, batches.Next());
        RequireCounted(iter);
        if (Progress.Iter % Dataloader.Length == 0)
        {
            Runner.MessageHub.Pending.Flush();                        // as often as a loop by epoch does, so that values nobody looks at do not pile up
        }
    }

    // Data that was trained on is read and left out, as in MMEngine, unless the loader itself was set to where it stood.
    private void SkipTrained()
    {
        if (Progress.Iter > 0 && !isPlaced)
        {
            EngineLog.Warning(Runner.Logger, $"Advance dataloader {Progress.Iter} steps to skip data that has already been trained");
            batches.Skip(Progress.Iter);
        }
    }

    private void WarnIfNothingIsLeft()
    {
        if (Progress.Iter >= MaxIters)
        {
            CompatEvents.Write(
                Runner.Logger,
                LogLevel.Warning,
                CompatEvents.NothingLeftToTrain,
                $"Nothing is left to train: {Progress.Iter} of {MaxIters} iterations are done. To train further, make a runner with a larger MaxIters.");
        }
    }

    private void RequireCounted(int iter)
    {
        if (Progress.Iter == iter)
        {
            throw new InvalidOperationException(
                $"{GetType().Name} trained on a batch and did not count the iteration, so training would never end. Let its RunIter call FinishIter() at its end, or "
                + "base.RunIter.");
        }
    }
}
