using Compat.Engine.Model;
using Compat.Torch.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Support;

/// <summary>A line that starts at zero.</summary>
internal sealed class LineModel : BaseModel<PointBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public LineModel(BaseDataPreprocessor? preprocessor = null)
        : base(preprocessor)
    {
        RegisterComponents();
        nn.init.zeros_(linear.weight);
        nn.init.zeros_(linear.bias!);
    }

    public float Weight => linear.weight.item<float>();

    protected override LossDict Loss(PointBatch batch) => new() { ["loss"] = (ForwardTensor(batch) - batch.Y).pow(2).mean() };

    protected override DataBatch Predict(PointBatch batch) => batch with { Y = ForwardTensor(batch) };

    protected override Tensor ForwardTensor(PointBatch batch) => linear.forward(batch.X);
}
