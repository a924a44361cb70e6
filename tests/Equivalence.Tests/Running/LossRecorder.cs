using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport.Toy;

namespace Compat.Equivalence.Tests.Running;

/// <summary>A legacy hook that is called after iterations alone and notes what it sees.</summary>
internal sealed class LossRecorder : Hook
{
    public List<string> Seen { get; } = [];

    public override void AfterTrainIter(BaseRunner runner)
    {
        double loss = runner.Outputs!.LogVars!["loss2"].Read();
        int samples = (int)((ToyBatch)runner.DataBatch!).Img.shape[0];
        Seen.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{runner.Epoch} {runner.Iter} {runner.InnerIter} {samples} {loss:R}"));
    }
}
