using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using Compat.Torch.Distributed;

namespace Compat.Adapters.Runners;

/// <summary>Trains the workflow of an <see cref="EpochBasedRunner"/> on the engine, epoch by epoch.</summary>
/// <remarks>
/// Preserves: what <see cref="LegacyTrainLoop"/> does; the order of flows, and the validation that still comes after the last epoch.
/// Changes: nothing.
/// Rejects: what <see cref="LegacyTrainLoop"/> does.
/// </remarks>
internal sealed class LegacyEpochTrainLoop : LegacyTrainLoop
{
    private BatchLoader present;

    public LegacyEpochTrainLoop(Compat.Engine.Runner engine, LegacyRunnerTranslator translator)
        : base(engine, translator)
    {
        MaxEpochs = Legacy.MaxEpochs!.Value;
        present = Dataloader;
    }

    public override int MaxEpochs { get; }

    public override int MaxIters => MaxEpochs * present.Length;

    protected override bool IsDone => Progress.Epoch >= MaxEpochs;

    protected override IEnumerable<int> RunFlows()
    {
        while (!IsDone && !IsStopping)
        {
            for (int i = 0; i < Flows.Count; i++)
            {
                (WorkflowStep flow, BatchLoader loader) = Flows[i];
                for (int times = 0; GoesOn(flow, times); times++)
                {
                    foreach (int _ in Validations[i]?.Iterations() ?? RunEpoch(loader))
                    {
                        yield return Progress.Iter;
                    }
                }
            }
        }
    }

    private IEnumerable<int> RunEpoch(BatchLoader loader)
    {
        present = loader;
        BeginTraining(loader);
        State.MaxIters = MaxIters;
        CallBeforeTrainEpoch();
        ApplyRestored();
        foreach (DataBatch batch in loader)
        {
            RunIter(Progress.BatchIndex, batch);
            yield return Progress.Iter;
        }

        Runner.Collectives.RequireWholePass(Progress.BatchIndex, loader.Length);
        CallAfterTrainEpoch();
        Flush();
        FinishEpoch();
    }
}
