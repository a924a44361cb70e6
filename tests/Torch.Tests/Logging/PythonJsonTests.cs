using Compat.TestSupport;
using Compat.Torch.Logging;
using Compat.Torch.Serialization;

namespace Compat.Torch.Tests.Logging;

public sealed class PythonJsonTests
{
    [PythonFact]
    public void It_writes_what_json_dumps_writes()
    {
        const string Script = """
            import json
            print(json.dumps({
                'text': 'ü"\\/\b\f\n\r\t\x00\x1f\x7f<&>\u2028\U0001f600', 'empty': [{}, [], ''], 'numbers': [0, -1, 2 ** 70, 1.0, -0.0, 1e15, 1e16, 1e-4, 1e-5, 5e-324],
                'rest': [None, True, False, float('nan'), float('inf'), -float('inf')], 'tuple': (1, (2,)), 1: 'int', 1.5: 'float', True: 'bool', None: 'none',
            }))
            """;
        PthDict value = new()
        {
            ["text"] = "ü\"\\/\b\f\n\r\t\0\u001f\u007f<&>\u2028😀",
            ["empty"] = PthSequence.List(new PthDict(), PthSequence.List(), string.Empty),
            ["numbers"] = PthSequence.List(0, -1, new PthInteger(System.Numerics.BigInteger.Pow(2, 70)), 1.0, -0.0, 1e15, 1e16, 1e-4, 1e-5, 5e-324),
            ["rest"] = PthSequence.List(PthNone.Value, true, false, double.NaN, double.PositiveInfinity, double.NegativeInfinity),
            ["tuple"] = PthSequence.Tuple(1, PthSequence.Tuple(2)),
        };
        value.Set(1, "bool");                                         // in Python, True and 1 are one key
        value.Set(1.5, "float");
        value.Set(PthNone.Value, "none");

        PythonJson.Write(value).Should().Be(PythonFactAttribute.Run(Script).TrimEnd('\n'));
    }

    [Fact]
    public void What_json_cannot_hold_is_refused()
    {
        PthValue bytes = new PthBytes(new byte[] { 1 });
        PthDict dict = new();
        dict.Set(PthSequence.Tuple(1), 1);

        Action value = () => PythonJson.Write(PthSequence.List(bytes));
        Action key = () => PythonJson.Write(dict);

        value.Should().Throw<ArgumentException>().WithMessage("JSON cannot hold a PthBytes. Give it a text, a number, or a list or dictionary of such.");
        key.Should().Throw<ArgumentException>().WithMessage("JSON cannot hold a PthSequence.*");
        (PythonJson.Holds(bytes), PythonJson.Holds(dict), PythonJson.HoldsKey(dict), PythonJson.HoldsKey(true)).Should().Be((false, true, false, true));
    }
}
