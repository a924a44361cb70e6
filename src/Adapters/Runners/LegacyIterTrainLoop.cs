using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Adapters.Runners;

/// <summary>Trains the workflow of an <see cref="IterBasedRunner"/> on the engine, iteration by iteration.</summary>
/// <remarks>
/// Preserves: what <see cref="LegacyTrainLoop"/> does; the one epoch that hooks see around all iterations (<see cref="HookStage.BeforeEpoch"/>,
/// <see cref="HookStage.AfterEpoch"/>); loaders that begin anew, and the epoch that lags one iteration behind them; the counter of each flow.
/// Changes: nothing.
/// Rejects: what <see cref="LegacyTrainLoop"/> does.
/// </remarks>
internal sealed class LegacyIterTrainLoop : LegacyTrainLoop
{
    public LegacyIterTrainLoop(Compat.Engine.Runner engine, LegacyRunnerTranslator translator)
        : base(engine, translator)
    {
        MaxIters = Legacy.MaxIters!.Value;
    }

    public override int MaxEpochs => 1;

    public override int MaxIters { get; }

    protected override bool IsDone => Progress.Iter >= MaxIters;

    protected override IEnumerable<int> RunFlows()
    {
        IterLoader[] loaders = [.. Flows.Select(pair => new IterLoader(pair.Loader))];
        try
        {
            CallBeforeTrainEpoch();
            ApplyRestored();
            while (!IsDone && !IsStopping)
            {
                for (int i = 0; i < Flows.Count; i++)
                {
                    State.InnerIter = 0;
                    for (int times = 0; GoesOn(Flows[i].Flow, times); times++)
                    {
                        RunNext(loaders[i], Validations[i]);
                        State.InnerIter++;
                        yield return Progress.Iter;
                    }
                }
            }

            Flush();
            CallAfterTrainEpoch(isCounted: false);
        }
        finally
        {
            Array.ForEach(loaders, loader => loader.Dispose());
        }
    }

    private void RunNext(IterLoader loader, LegacyValLoop? validation)
    {
        if (validation is not null)
        {
            validation.RunOne(State.InnerIter, loader.Next);
            return;
        }

        BeginTraining(loader.Loader);
        MoveTo(new(loader.Epoch, Progress.Iter, State.InnerIter));    // before the batch is asked for, which may begin another pass
        RunIter(State.InnerIter, loader.Next());
        if (Progress.Iter % loader.Length == 0)
        {
            Flush();
        }
    }
}
