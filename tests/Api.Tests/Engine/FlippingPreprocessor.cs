using Compat.Engine.Model;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own image preprocessor: in training it mirrors what the base has prepared.</summary>
internal sealed class FlippingPreprocessor() : ImgDataPreprocessor(new() { Mean = [1], Std = [2] })
{
    public override DataBatch Process(DataBatch data, bool training)
    {
        NamedBatch batch = (NamedBatch)base.Process(data, training);
        return training ? batch.With([.. batch.Tensors.Select(images => images.flip(3))]) : batch;
    }

    /// <summary>Prepares single images with the steps of the base.</summary>
    public Tensor PrepareAll(params Tensor[] images) => Prepare(images);
}
