using Compat.Adapters.Models;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Runners;

/// <summary>Runs a <c>val</c> flow of a legacy workflow on the engine: the model's <c>val_step</c>, and the hooks around it on both sides.</summary>
/// <remarks>
/// Preserves: mode, loader, batch and outputs that hooks see; the values in the log buffer with their weight. The engine's hooks get the means by name.
/// Changes: nothing.
/// Rejects: nothing; a model without <see cref="IValStep"/> was refused before (COMPAT0105).
/// </remarks>
/// <param name="engine">The engine's runner.</param>
/// <param name="dataloader">The batches. Borrowed.</param>
internal sealed class LegacyValLoop(Compat.Engine.Runner engine, BatchLoader dataloader) : ValLoop(engine, dataloader, evaluator: null)
{
    private bool isPass;

    // Known only when training runs; a validation by itself shows the old runner nothing.
    private LegacyTrainLoop? Driver => Runner.TrainLoop is LegacyTrainLoop { AttachedState: not null } loop ? loop : null;

    /// <summary>Validates one batch that belongs to no pass, as a runner does that counts iterations.</summary>
    /// <param name="innerIter">The position in the flow, from 0.</param>
    /// <param name="next">Gives the batch.</param>
    public void RunOne(int innerIter, Func<DataBatch> next)
    {
        BeginMode();
        isPass = false;
        RunIter(innerIter, next());
    }

    // As MMCV, the model is switched before the hooks are called.
    protected override void BeginPass()
    {
        BeginMode();
        isPass = true;
        Begin();
    }

    protected override void BeginIter(int batchIndex, DataBatch batch)
    {
        Driver?.AttachedState!.BeginIter(batchIndex, batch);
        base.BeginIter(batchIndex, batch);
    }

    protected override ValOutputs Step(DataBatch batch)
    {
        LegacyModelAdapter adapter = LegacyModelAdapter.In(Model)!;
        if (Driver is not { Legacy: var legacy })
        {
            return adapter.ValStep(batch);
        }

        // MMCV hands the optimizer to the validation step in one of its runners only.
        StepOutputs outputs = adapter.LegacyValStep(batch, legacy is IterBasedRunner ? null : legacy.Optimizer);
        legacy.TakeOutputs(outputs, trainMode: false);
        return LegacyModelAdapter.ToValOutputs(outputs);
    }

    protected override void EndIter(int batchIndex, DataBatch batch, ValOutputs outputs)
    {
        base.EndIter(batchIndex, batch, outputs);
        Driver?.AttachedState!.EndIter();
    }

    protected override void RunIter(int batchIndex, DataBatch batch)
    {
        if (isPass)
        {
            base.RunIter(batchIndex, batch);
            return;
        }

        using DisposeScope iteration = NewDisposeScope();
        using IDisposable guard = no_grad();
        batch.AttachTo(iteration);
        BeginIter(batchIndex, batch);
        EndIter(batchIndex, batch, Step(batch));                      // no pass, no means
    }

    private void BeginMode()
    {
        Model.eval();
        if (Driver?.AttachedState is { } state)
        {
            state.Mode = "val";
            state.DataLoader = Dataloader;
        }
    }
}
