using System.Globalization;
using System.Text;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Serialization;

/// <summary>All that a file holds as one text: equal texts, equal files. What is shared is told by its number.</summary>
internal sealed class PthDigest
{
    private readonly StringBuilder text = new();
    private readonly Dictionary<PthValue, int> seen = new(ReferenceEqualityComparer.Instance);

    public static string Of(PthValue value)
    {
        PthDigest digest = new();
        digest.Add(value);
        return digest.text.ToString();
    }

    private void Add(PthValue? value)
    {
        if (value is PthSequence or PthDict or PthObject or PthTensor && !seen.TryAdd(value, seen.Count))
        {
            text.Append(CultureInfo.InvariantCulture, $"again {seen[value]};");
            return;
        }

        switch (value)
        {
            case PthSequence sequence: Parts($"{sequence.Kind}", sequence.Items); break;
            case PthDict dict: Parts($"{dict.Kind}", dict.SelectMany(entry => new[] { entry.Key, entry.Value }).Append(dict.Attributes)); break;
            case PthObject named: Parts(named.Name, [named.Arguments, named.Entries, named.State]); break;
            case PthArray array: text.Append(CultureInfo.InvariantCulture, $"{array.Type}[{string.Join(',', array.Shape)}]{Convert.ToHexString(array.Bytes.Span)};"); break;
            case PthBytes bytes: text.Append(CultureInfo.InvariantCulture, $"{Convert.ToHexString(bytes.Value.Span)};"); break;
            case PthTensor tensor: Elements(tensor); break;
            case PthFloat number: text.Append(CultureInfo.InvariantCulture, $"{BitConverter.DoubleToInt64Bits(number.Value):x};"); break;
            default: text.Append(CultureInfo.InvariantCulture, $"{value};"); break;
        }
    }

    private void Parts(string kind, IEnumerable<PthValue?> parts)
    {
        text.Append(CultureInfo.InvariantCulture, $"{kind}(");
        foreach (PthValue? part in parts)
        {
            Add(part);
        }

        text.Append(')');
    }

    private void Elements(PthTensor value)
    {
        using Tensor plain = value.Value.detach().clone().contiguous();
        string shape = $"{plain.dtype}[{string.Join(',', plain.shape)}] {value.RequiresGrad} {value.IsParameter}";
        text.Append(CultureInfo.InvariantCulture, $"{shape} {(plain.numel() > 0 ? Convert.ToHexString(plain.bytes) : "")};");
    }
}
