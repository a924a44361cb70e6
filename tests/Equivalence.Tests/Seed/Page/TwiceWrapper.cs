using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>The seed's wrapper with a training step of its own, around any model.</summary>
internal sealed class TwiceWrapper(BaseModel module, ICollectives collectives)
    : MMSeparateDistributedDataParallel(module, collectives)
{
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        Update(data, optimWrapper, augmented: true);
        return Update(data, optimWrapper, augmented: false);
    }

    private LogVars Update(DataBatch data, BaseOptimWrapper optimWrapper, bool augmented)
    {
        LossDict losses;
        using (optimWrapper.OptimContext(this))
        {
            losses = Loss(DataPreprocessor.Process(data, augmented));
        }

        (Tensor loss, LogVars logVars) = ParseLosses(losses);
        optimWrapper.UpdateParams(loss);
        return logVars;
    }
}
