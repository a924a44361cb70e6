using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>The seed's CustomDistributedDataParallel, made to work: two updates per batch, the first with augmentation, here a scale.</summary>
internal sealed class TwiceWrapper(BaseModel module, ICollectives collectives, TwiceWrapperOptions options) : MMDistributedDataParallel(module, collectives, options)
{
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        GoldenBatch batch = (GoldenBatch)data;
        LogVars first = Update(batch with { X = batch.X * options.Scale }, optimWrapper);
        LogVars second = Update(batch, optimWrapper);
        foreach ((string name, LogValue value) in first)
        {
            second[$"first_{name}"] = value;
        }

        return second;
    }

    private LogVars Update(GoldenBatch batch, BaseOptimWrapper optimWrapper)
    {
        (Tensor loss, LogVars vars) = ParseLosses(Loss(batch));
        optimWrapper.UpdateParams(loss);
        return vars;
    }
}
