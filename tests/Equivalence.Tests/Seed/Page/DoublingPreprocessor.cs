using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>Stands for an augmentation: doubles the input in training.</summary>
internal sealed class DoublingPreprocessor : BaseDataPreprocessor
{
    public override DataBatch Process(DataBatch data, bool training)
    {
        ToyBatch batch = (ToyBatch)CastData(data);
        return training ? batch with { Img = batch.Img * 2 } : batch;
    }
}
