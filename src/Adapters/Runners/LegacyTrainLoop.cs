using Compat.Adapters.Models;
using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;

namespace Compat.Adapters.Runners;

/// <summary>Trains a legacy runner's workflow on the engine: while it runs, the legacy runner stands where the engine does.</summary>
/// <remarks>
/// Preserves: the runner object that hooks and models know; its counters, limits, mode, loader, batch and outputs at every point; the model is in training mode
/// before hooks are called, so that a hook can put parts of it, such as batch norm, back into evaluation mode. Afterwards the runner knows where it stands,
/// however training ended.
/// Changes: nothing.
/// Rejects: a runner that is being trained already; counters that are set once training has begun.
/// </remarks>
internal sealed class LegacyTrainLoop : EpochBasedTrainLoop
{
    private readonly EngineRunnerState state;
    private bool mayResume;

    public LegacyTrainLoop(Compat.Engine.Runner engine, EpochBasedRunner legacy)
        : base(engine, new EpochBasedTrainLoopOptions { MaxEpochs = legacy.MaxEpochs!.Value })
    {
        Legacy = legacy;
        state = new EngineRunnerState(this);
        MoveTo(new TrainingPosition(legacy.Epoch, legacy.Iter, BatchIndex: 0));  // MMCV goes on at the beginning of an epoch
    }

    /// <summary>Gets the legacy runner.</summary>
    public EpochBasedRunner Legacy { get; }

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
        return base.Run();
    }

    protected override void BeginEpoch()
    {
        Model.train();
        state.Mode = "train";
        state.DataLoader = Dataloader;
        state.MaxIters = MaxIters;
        CallBeforeTrainEpoch();
    }

    protected override void RunIter(int batchIndex, DataBatch batch)
    {
        state.BeginIter(batchIndex, batch);
        base.RunIter(batchIndex, batch);
        state.EndIter();
    }

    protected override void EndEpoch()
    {
        base.EndEpoch();
        Legacy.LogBuffer.Flush();
    }

    private RunnerState Attach()
    {
        RunnerState own = Legacy.UseState(state);
        if (own is EngineRunnerState)
        {
            Legacy.UseState(own);
            throw new InvalidOperationException("The engine is training this runner already. Let that training end, or make another runner.");
        }

        state.InnerIter = own.InnerIter;
        state.MaxEpochs = own.MaxEpochs;
        state.MaxIters = MaxIters;                                    // hooks read it before the first epoch
        state.Mode = own.Mode;
        state.DataLoader = own.DataLoader;
        mayResume = true;
        LegacyModelAdapter.In(Model)!.ShowTo(Legacy, Runner.OptimWrapper);
        Legacy.LogBuffer.Listener = new LogBufferAdapter(Runner).PassOn;
        return own;
    }

    private void Detach(RunnerState own)
    {
        Legacy.LogBuffer.Listener = null;
        own.Epoch = state.Epoch;
        own.Iter = state.Iter;
        own.InnerIter = state.InnerIter;
        own.MaxIters = state.MaxIters;
        own.Mode = state.Mode;
        own.DataLoader = state.DataLoader;
        own.EndIter();
        Legacy.UseState(own);
    }
}
