using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>A wrapper of a user's own: two updates per batch, the first with augmentation, here a scale.</summary>
internal sealed class TwiceCurveWrapper(BaseModel module, ICollectives collectives, TwiceCurveWrapperOptions options)
    : MMDistributedDataParallel(module, collectives, options)
{
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        ToyBatch batch = (ToyBatch)data;
        Update(batch with { Img = batch.Img * options.Scale }, optimWrapper);
        return Update(batch, optimWrapper);
    }

    private LogVars Update(ToyBatch batch, BaseOptimWrapper optimWrapper)
    {
        (Tensor loss, LogVars vars) = ParseLosses(Loss(batch));
        optimWrapper.UpdateParams(loss);
        return vars;
    }
}
