using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using Compat.Torch.Training;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A hook of a user's who averages gradients with MMCV's <c>allreduce_grads</c>, without a wrapper.</summary>
internal sealed class AllreduceHook(GradClipConfig? clip) : OptimizerHook(new OptimizerConfig { GradClip = clip })
{
    public override void AfterTrainIter(BaseRunner runner)
    {
        TorchSharp.torch.optim.Optimizer optimizer = runner.RequireOptimizer().Single;
        OptimizerGroup.ClearGradients(optimizer, setToNone: false);
        runner.Outputs!.Loss!.backward();
        runner.Collectives.AllReduceGrads(runner.Model.parameters());
        if (clip is not null)
        {
            runner.LogBuffer.Update(new LogVars { ["grad_norm"] = ClipGrads(runner.Model.parameters())! }, 1);
        }

        optimizer.step();
    }
}
