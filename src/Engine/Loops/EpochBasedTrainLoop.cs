using Compat.Engine.Hooks;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Loops;

/// <summary>Trains epoch by epoch and validates between epochs.</summary>
/// <remarks>Source: MMEngine <c>EpochBasedTrainLoop</c>.</remarks>
public class EpochBasedTrainLoop : TrainLoop
{
    private readonly EpochBasedTrainLoopOptions options;

    /// <summary>Makes the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="options">How long to train and when to validate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public EpochBasedTrainLoop(Runner runner, EpochBasedTrainLoopOptions options)
        : base(runner, runner?.TrainDataloader!)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxEpochs);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ValInterval, 1);
        this.options = options;
    }

    /// <inheritdoc/>
    public override int MaxEpochs => options.MaxEpochs;

    /// <inheritdoc/>
    public override int MaxIters => options.MaxEpochs * Dataloader.Length;

    private HookList Hooks => Runner.Hooks;

    /// <inheritdoc/>
    public override IEnumerable<int> Iterations()
    {
        Hooks.BeforeTrain();
        while (Progress.Epoch < MaxEpochs && !StopTraining)
        {
            foreach (int iter in RunEpoch())
            {
                yield return iter;
            }

            if (IsValidationDue())
            {
                foreach (int _ in Runner.ValLoop!.Iterations())
                {
                    yield return Progress.Iter;
                }
            }
        }

        Hooks.AfterTrain();
    }

    /// <summary>Trains one epoch.</summary>
    /// <returns>The number of finished iterations, after each one.</returns>
    protected virtual IEnumerable<int> RunEpoch()
    {
        BeginEpoch();
        int batchIndex = 0;
        foreach (DataBatch batch in Dataloader)
        {
            RunIter(batchIndex++, batch);
            yield return Progress.Iter;
        }

        EndEpoch();
        Progress.Epoch++;
    }

    /// <summary>Does what comes before the first batch of an epoch. As MMEngine, hooks come first.</summary>
    protected virtual void BeginEpoch()
    {
        Hooks.BeforeTrainEpoch();
        Model.train();
    }

    /// <summary>Does what comes after the last batch of an epoch.</summary>
    protected virtual void EndEpoch()
    {
        Hooks.AfterTrainEpoch();
        Runner.MessageHub.Pending.Flush();                            // a loss that nobody looked at is found here at the latest
    }

    /// <summary>Trains on one batch.</summary>
    /// <param name="batchIndex">The position of the batch in the epoch, from 0.</param>
    /// <param name="batch">The batch; this method takes it over.</param>
    protected virtual void RunIter(int batchIndex, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();             // every tensor made below ends with this block
        batch.AttachTo(iteration);
        Hooks.BeforeTrainIter(new(batchIndex, batch));
        LogVars outputs = Model.TrainStep(batch, Runner.OptimWrapper);
        Hooks.AfterTrainIter(new(batchIndex, batch, outputs));
        Progress.Iter++;                                              // hooks above still see the old number
    }

    private bool IsValidationDue() =>
        Runner.ValLoop is not null
        && Progress.Epoch >= options.ValBegin
        && (Progress.Epoch % options.ValInterval == 0 || Progress.Epoch == MaxEpochs);
}
